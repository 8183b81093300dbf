import type { SecurityContext } from '../gss/context.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { answer, type Callback, requireStrings } from './callback.ts';
import { inGssWords } from './failure.ts';

export interface KerberosServerOptions {
  /** Whether the service was left open, so that the one that the client asked for is to be reported. */
  readonly tellsTarget: boolean;
}

/** The server's side of a context; `initializeServer` makes one. Tokens are base64. */
export class KerberosServer {
  readonly #context: SecurityContext;
  readonly #tellsTarget: boolean;
  #response: string | null = null;

  /** @internal */
  constructor(context: SecurityContext, { tellsTarget }: KerberosServerOptions) {
    this.#context = context;
    this.#tellsTarget = tellsTarget;
  }

  // Although they may be null, the declarations of npm's kerberos, which programs are written against, make these
  // strings.

  /** Who the client is, such as `alice@EXAMPLE.COM`; null until the context is complete. */
  get username(): string {
    const name = this.contextComplete ? formatPrincipal(this.#context.info.initiator) : null;
    return name as string;
  }

  /** The last token for the client; null for none. */
  get response(): string {
    return this.#response as string;
  }

  /** The service that the client asked for, if any service of the keytab was acceptable; else null. */
  get targetName(): string {
    const told = this.#tellsTarget && this.contextComplete;
    return (told ? formatPrincipal(this.#context.info.acceptor) : null) as string;
  }

  get contextComplete(): boolean {
    return this.#context.established;
  }

  /** Takes the client's token; resolves to the token for the client, or to null. */
  step(challenge: string): Promise<string>;
  step(challenge: string, callback: Callback<string>): void;
  step(challenge: string, callback?: Callback<string>): Promise<string> | undefined {
    return answer(
      callback,
      () => requireStrings({ challenge }),
      () => this.#step(challenge),
    );
  }

  async #step(challenge: string): Promise<string> {
    this.#response = null;
    const given = fromBase64(challenge);
    // With an empty token, an SPNEGO acceptor would begin to speak first.
    if (given.length === 0) throw new Error('No challenge parameter in request from client');
    const token = await inGssWords(() => this.#context.step(given));
    this.#response = token === undefined ? null : toBase64(token);
    return this.response;
  }
}
