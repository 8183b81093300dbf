import type { Key } from '../crypto/key.ts';
import type { AsRep } from '../messages/kdc-rep.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import type { KrbError } from '../messages/krb-error.ts';
import { type Principal, toPrincipal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';

/** What surrounds an exchange with a KDC: FAST (RFC 6113 §5.4), or nothing. */
export interface Armor {
  readonly key: Key | undefined;
  /** The KDC-REQ-BODY that eavesdroppers see, for the true one and its DER. */
  outerBody(body: KdcReqBody, reqBody: Uint8Array): Uint8Array;
  /** The padata that eavesdroppers see. `bound` is what ties them to their message: see `KrbFastArmoredReq`. */
  seal(inner: InnerRequest, bound: Uint8Array): readonly PaData[];
  /** The error that the KDC has sent; throws if it cannot be trusted. */
  openError(error: KrbError, nonce: number): KrbError;
  /** What a reply contains besides its sealed part; throws KerberosError REPLY_MODIFIED and FAST_REQUIRED. */
  openReply(reply: KdcRep, nonce: number): OpenedReply;
}

export interface InnerRequest {
  readonly padata: readonly PaData[];
  /** DER. */
  readonly reqBody: Uint8Array;
}

/** What an AS-REP and a TGS-REP have in common. */
export type KdcRep = Pick<AsRep, 'padata' | 'crealm' | 'cname' | 'ticket'>;

export interface OpenedReply {
  readonly client: Principal;
  readonly padata: readonly PaData[];
  /** The key of the reply's sealed part, given the key that the exchange has agreed on. */
  strengthen(key: Key): Key;
}

/** No armor: messages are sent as they are. */
export const noArmor: Armor = {
  key: undefined,
  outerBody: (_, reqBody) => reqBody,
  seal: ({ padata }) => padata,
  openError: error => error,
  openReply: ({ padata = [], cname, crealm }) => ({
    client: toPrincipal(cname, crealm),
    padata,
    strengthen: key => key,
  }),
};
