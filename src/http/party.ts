import { KerberosError } from '../errors.ts';
import type { ContextInfo, SecurityContext } from '../gss/context.ts';
import { findNegotiate, formatNegotiate } from './challenge.ts';
import type { Negotiated } from './options.ts';

export interface PartyOptions {
  /** Its name in errors. */
  readonly name: string;
  readonly open: () => Promise<SecurityContext>;
  /** Whether a successful response must prove that it comes from this party. */
  readonly mutual: 'required' | 'optional';
}

/** A server or a proxy that one request authenticates to. */
export class Party {
  /** The value of the authorization header in the next request. */
  credentials: string | undefined;
  private readonly options: PartyOptions;
  private context: SecurityContext | undefined;

  constructor(options: PartyOptions) {
    this.options = options;
  }

  /** Whether a token has been made, so that what follows must use the same connection. */
  get begun(): boolean {
    return this.context !== undefined;
  }

  /** Makes the first token without having been challenged. */
  async begin(): Promise<void> {
    this.context = await this.options.open();
    this.credentials = formatNegotiate(await this.context.step());
  }

  /** Takes a challenge; resolves to whether there is an answer to it. Throws GssError for a token that is of no use. */
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
   * Takes the response to an accepted request. Throws KerberosError MUTUAL_FAILED where the proof of its origin is
   * wrong, or missing although required, and GssError where it is not a token.
   */
  async passed(
    header: string | undefined,
    { success }: { readonly success: boolean },
  ): Promise<Negotiated | undefined> {
    const { context, options } = this;
    if (context === undefined) return undefined;
    // A proxy may demand authentication again for the next request.
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
