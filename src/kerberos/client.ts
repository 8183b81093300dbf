import type { SecurityContext } from '../gss/context.ts';
import { GssError } from '../gss/gss-error.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { answer, type Callback, requireStrings } from './callback.ts';
import { inGssWords } from './failure.ts';
import { saslAnswer } from './sasl-answer.ts';

export interface WrapOptions {
  /**
   * The user to act as; the message is then the answer to a server's offer of SASL layers (RFC 4752), which declines
   * them all.
   */
  readonly user?: string | undefined;
  /** Whether to encrypt; false if not given. */
  readonly protect?: boolean | undefined;
}

/** The client's side of a context; `initializeClient` makes one. Tokens and messages are base64. */
export class KerberosClient {
  readonly #open: () => Promise<SecurityContext>;
  #context: SecurityContext | undefined;
  #response: string | null = null;
  #responseConf = 0;

  /** @internal */
  constructor(open: () => Promise<SecurityContext>) {
    this.#open = open;
  }

  // Although they may be null, the declarations of npm's kerberos, which programs are written against, make these
  // strings.

  /** Who the client is, such as `alice@EXAMPLE.COM`; null until the context is complete. */
  get username(): string {
    const name = this.contextComplete ? formatPrincipal(this.#established().info.initiator) : null;
    return name as string;
  }

  /** The result of the last operation; null if it had none. */
  get response(): string {
    return this.#response as string;
  }

  /** 1 if the message that was unwrapped last was encrypted, else 0. */
  get responseConf(): number {
    return this.#responseConf;
  }

  get contextComplete(): boolean {
    return this.#context?.established ?? false;
  }

  /** Takes the server's token, which is '' at the beginning; resolves to the token for the server, or to null. */
  step(challenge: string): Promise<string>;
  step(challenge: string, callback: Callback<string>): void;
  step(challenge: string, callback?: Callback<string>): Promise<string> | undefined {
    return answer(
      callback,
      () => requireStrings({ challenge }),
      () => inGssWords(() => this.#step(challenge)),
    );
  }

  /**
   * Resolves to the token for a message, which is `challenge` or, where a user is given or `challenge` is an offer of
   * four bytes, the answer to the server's offer of SASL layers.
   */
  wrap(challenge: string, options?: WrapOptions): Promise<string>;
  wrap(challenge: string, options: WrapOptions, callback: Callback<string>): void;
  wrap(challenge: string, callback: Callback<string>): void;
  wrap(
    challenge: string,
    options: WrapOptions | Callback<string> = {},
    callback?: Callback<string>,
  ): Promise<string> | undefined {
    if (typeof options === 'function') return this.#wrap(challenge, {}, options);
    return this.#wrap(challenge, options, callback);
  }

  /** Resolves to the message in a token. */
  unwrap(challenge: string): Promise<string>;
  unwrap(challenge: string, callback: Callback<string>): void;
  unwrap(challenge: string, callback?: Callback<string>): Promise<string> | undefined {
    return answer(
      callback,
      () => requireStrings({ challenge }),
      () => inGssWords(() => this.#unwrap(challenge)),
    );
  }

  async #step(challenge: string): Promise<string> {
    this.#response = null;
    if (this.contextComplete) throw new GssError('FAILURE', 'Context is already fully established');
    this.#context ??= await this.#open();
    const token = await this.#context.step(challenge === '' ? undefined : fromBase64(challenge));
    this.#response = token === undefined ? null : toBase64(token);
    return this.response;
  }

  #wrap(
    challenge: string,
    { user, protect = false }: WrapOptions,
    callback: Callback<string> | undefined,
  ): Promise<string> | undefined {
    const check = (): void => {
      requireStrings({ challenge });
      if (typeof protect !== 'boolean') throw new TypeError('options.protect must be a boolean.');
    };
    return answer(callback, check, () =>
      inGssWords(() => {
        this.#response = null;
        const message = saslAnswer(fromBase64(challenge), user);
        this.#response = toBase64(this.#established().wrap(message, { seal: protect }));
        return this.#response;
      }),
    );
  }

  #unwrap(challenge: string): string {
    this.#response = null;
    this.#responseConf = 0;
    const { message, sealed } = this.#established().unwrap(fromBase64(challenge));
    this.#response = toBase64(message);
    this.#responseConf = sealed ? 1 : 0;
    return this.#response;
  }

  #established(): SecurityContext {
    if (this.#context?.established) return this.#context;
    throw new GssError('NO_CONTEXT', 'The context is not complete');
  }
}
