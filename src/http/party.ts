import { KerberosError } from '../errors.ts';
import type { ContextInfo, SecurityContext } from '../gss/context.ts';
import { findNegotiate, formatNegotiate } from './challenge.ts';
import type { Negotiated } from './options.ts';

export interface PartyOptions {
  /** What it is called in errors. */
  readonly name: string;
  readonly open: () => Promise<SecurityContext>;
  /** Whether a response of success must come with the proof of who made it. */
  readonly mutual: 'required' | 'optional';
}

/** A server, or a proxy, that one request authenticates to. */
export class Party {
  /** What the next request is to say to it. */
  credentials: string | undefined;
  private readonly options: PartyOptions;
  private context: SecurityContext | undefined;

  constructor(options: PartyOptions) {
    this.options = options;
  }

  /** Whether a token has been made, so that what follows belongs to the same connection. */
  get begun(): boolean {
    return this.context !== undefined;
  }

  /** Says something without being asked. */
  async begin(): Promise<void> {
    this.context = await this.options.open();
    this.credentials = formatNegotiate(await this.context.step());
  }

  /** Takes a challenge; whether there is an answer to it. Throws GssError where its token is of no use. */
  async challenged(header: string | undefined): Promise<boolean> {
    const challenge = findNegotiate(header);
    if (challenge === undefined) return false;
    if (this.context === undefined) {
      await this.begin();
      return true;
    }
    if (challenge.token === undefined) return false;
    const answer = await this.context.step(challenge.token);
    if (answer === undefined) return false;
    this.credentials = formatNegotiate(answer);
    return true;
  }

  /**
   * Takes the response to a request that was let pass. Throws KerberosError MUTUAL_FAILED where the proof of who made it
   * is wrong, or missing where it must be there, GssError where it is no token.
   */
  async passed(
    header: string | undefined,
    { success }: { readonly success: boolean },
  ): Promise<Negotiated | undefined> {
    const { context, options } = this;
    if (context === undefined) return undefined;
    // A proxy may want to know again who asks, for the next request.
    this.context = undefined;
    this.credentials = undefined;
    const token = findNegotiate(header)?.token;
    if (token !== undefined && !context.established) await context.step(token);
    const negotiated = context.established ? outcome(context.info) : undefined;
    if (!negotiated?.mutual && success && options.mutual === 'required') {
      throw new KerberosError('MUTUAL_FAILED', `${options.name} has not proved who it is`);
    }
    return negotiated;
  }
}

function outcome({ initiator, acceptor, mechanism, flags }: ContextInfo): Negotiated {
  return { initiator, acceptor, mechanism, flags, mutual: flags.mutual };
}
