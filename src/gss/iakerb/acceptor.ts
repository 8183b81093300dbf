import { ApError } from '../../ap/ap-error.ts';
import { TransportError } from '../../errors.ts';
import {
  KRB_AP_ERR_IAKERB_KDC_NO_RESPONSE,
  KRB_AP_ERR_IAKERB_KDC_NOT_FOUND,
} from '../../messages/error-codes.ts';
import { AsReq, TgsReq } from '../../messages/kdc-req.ts';
import { tgsPrincipal } from '../../messages/principal.ts';
import { iakerbRealm } from '../../messages/proxy.ts';
import type { Transport } from '../../transport/transport.ts';
import { type AcceptorOptions, createIntroducedAcceptor } from '../acceptor.ts';
import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';
import { KerberosContext, requireToken } from '../kerberos-context.ts';
import { Conversation } from './conversation.ts';
import { openProxyToken, type ProxyMessage, proxyToken, targetRealm } from './messages.ts';

export interface IakerbAcceptorOptions extends AcceptorOptions {
  /** Carries the initiator's requests to KDCs. */
  readonly transport: Transport;
  /**
   * The realms whose KDCs an initiator may have asked, who is nobody yet; initiators that name none mean the first.
   * Those of the service's principals are the usual choice.
   */
  readonly realms: readonly string[];
}

/**
 * The acceptor's side of IAKERB (draft-ietf-kitten-iakerb-03), for clients that reach the service but no KDC: their
 * requests are passed on to the KDCs. Initiators with tickets of their own are accepted as by `createAcceptor`, whose
 * errors it throws.
 */
export function createIakerbAcceptor(options: IakerbAcceptorOptions): SecurityContext {
  if (typeof options?.transport !== 'function')
    throw new TypeError('a transport is what createTransport makes');
  if (!Array.isArray(options.realms)) throw new TypeError('realms is a list of names');
  const conversation = new Conversation();
  return new IakerbAcceptor(options, conversation, createIntroducedAcceptor(options, conversation));
}

class IakerbAcceptor extends KerberosContext {
  private readonly options: IakerbAcceptorOptions;
  private readonly conversation: Conversation;
  private readonly inner: SecurityContext;
  private introduced = false;

  constructor(options: IakerbAcceptorOptions, conversation: Conversation, inner: SecurityContext) {
    super(options);
    this.options = options;
    this.conversation = conversation;
    this.inner = inner;
  }

  protected async advance(given: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const token = requireToken(given);
    const carried = this.introduced ? undefined : openProxyToken(token);
    if (carried !== undefined) return this.passOn(token, carried);
    this.introduced = true;
    const { inner } = this;
    const reply = await inner.step(token);
    if (inner.established) this.establish(inner.info, () => inner);
    return reply;
  }

  private async passOn(token: Uint8Array, { header, message }: ProxyMessage): Promise<Uint8Array> {
    this.conversation.add(token);
    const named = iakerbRealm(header);
    const [first = ''] = this.options.realms;
    // In the initiator's own kind of string, where it named a realm.
    const answered = named === '' ? targetRealm(first) : header.targetRealm;
    const reply = proxyToken({
      header: { targetRealm: answered },
      message: await this.replyTo(message, named || first),
    });
    this.conversation.add(reply);
    return reply;
  }

  /** What the KDC says, or why it says nothing. */
  private async replyTo(request: Uint8Array, realm: string): Promise<Uint8Array> {
    // Of a name alone, which an initiator sends to learn the realm.
    if (request.length === 0) return request;
    if (!requestTags.has(request[0]!)) throw new GssError('DEFECTIVE_TOKEN', 'not a request to a KDC');
    const { transport, realms } = this.options;
    if (!realms.includes(realm)) return this.failure(KRB_AP_ERR_IAKERB_KDC_NOT_FOUND, realm);
    try {
      return await transport(realm, request);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const unknown = error.code === 'REALM_UNKNOWN';
      return this.failure(
        unknown ? KRB_AP_ERR_IAKERB_KDC_NOT_FOUND : KRB_AP_ERR_IAKERB_KDC_NO_RESPONSE,
        realm,
      );
    }
  }

  private failure(errorCode: number, realm: string): Uint8Array {
    return new ApError(errorCode).toKrbError(tgsPrincipal(realm), this.clock());
  }
}

const requestTags: ReadonlySet<number> = new Set([...AsReq.tags, ...TgsReq.tags]);
