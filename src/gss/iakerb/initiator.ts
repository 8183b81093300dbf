import { unlessAborted } from '../../client/options.ts';
import type { Transport } from '../../transport/transport.ts';
import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { KerberosContext, type KerberosContextOptions, requireToken } from '../kerberos-context.ts';
import { Conversation } from './conversation.ts';
import { firstProxyToken, openProxyToken, proxyToken, targetRealm } from './messages.ts';

/** Gets the tickets for a context by a transport, and makes the context with the conversation that this was. */
export type OpenIntroduced = (transport: Transport, conversation: Conversation) => Promise<SecurityContext>;

/**
 * The initiator's side of IAKERB (draft-ietf-kitten-iakerb-03), for clients that reach the service but no KDC: what the
 * client asks of KDCs goes to the acceptor, which passes it on, in as many legs as there are requests.
 */
export function createIakerbInitiator(
  open: OpenIntroduced,
  options: KerberosContextOptions = {},
): SecurityContext {
  return new IakerbInitiator(open, options);
}

interface Request {
  readonly realm: string;
  readonly request: Uint8Array;
}

class IakerbInitiator extends KerberosContext {
  private readonly open: OpenIntroduced;
  private readonly conversation = new Conversation();
  private cookie: Uint8Array | undefined;
  private inner: SecurityContext | undefined;
  /** The client's own work, which stops at each request until the acceptor's token with the reply. */
  private opening: Promise<SecurityContext> | undefined;
  private asked: (request: Request) => void = ignore;
  private replied: (reply: Uint8Array) => void = ignore;

  constructor(open: OpenIntroduced, options: KerberosContextOptions) {
    super(options);
    this.open = open;
  }

  protected async advance(token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (this.inner !== undefined) return this.goOn(this.inner, token);
    const request = new Promise<Request>(resolve => {
      this.asked = resolve;
    });
    const makeToken = this.opening === undefined ? firstProxyToken : proxyToken;
    if (this.opening === undefined) this.opening = this.begin(token);
    else this.take(requireToken(token));
    const next = await Promise.race([this.opening, request]);
    if ('step' in next) {
      this.inner = next;
      return this.goOn(next, undefined);
    }
    const header = { targetRealm: targetRealm(next.realm), cookie: this.cookie };
    const sent = makeToken({ header, message: next.request });
    this.conversation.add(sent);
    return sent;
  }

  private begin(token: Uint8Array | undefined): Promise<SecurityContext> {
    if (token !== undefined && token.length > 0)
      throw new GssError('DEFECTIVE_TOKEN', 'nothing was asked yet');
    const ask: Transport = (realm, request, signal) => this.ask(realm, request, signal);
    const opening = this.open(Object.assign(ask, { stepwise: true }), this.conversation);
    // It may fail between two steps, or after a last one; the next step throws it.
    opening.catch(ignore);
    return opening;
  }

  /** Resolves in a later step, when the acceptor has passed the reply on. A client asks one thing after the other. */
  private async ask(realm: string, request: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
    const exchange = () =>
      new Promise<Uint8Array>(resolve => {
        this.replied = resolve;
        this.asked({ realm, request });
      });
    return unlessAborted(exchange, { signal }, realm);
  }

  private take(token: Uint8Array): void {
    const carried = openProxyToken(token);
    if (carried === undefined) throw new GssError('DEFECTIVE_TOKEN', "not a KDC's reply");
    this.conversation.add(token);
    this.cookie = carried.header.cookie;
    this.replied(carried.message);
  }

  private async goOn(inner: SecurityContext, token: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const reply = await inner.step(token);
    if (inner.established) this.establish(inner.info, () => inner);
    return reply;
  }
}

function ignore(): void {}
