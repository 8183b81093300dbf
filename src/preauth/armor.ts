import type { Key } from '../crypto/key.ts';
import type { AsRep } from '../messages/kdc-rep.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import type { KrbError } from '../messages/krb-error.ts';
import { type Principal, toPrincipal } from '../messages/principal.ts';
import type { PaData } from '../messages/types.ts';

/** What is around an exchange with a KDC: FAST (RFC 6113 §5.4), or nothing. */
export interface Armor {
  readonly key: Key | undefined;
  /** The KDC-REQ-BODY that everybody may see, for the true one and its DER. */
  outerBody(body: KdcReqBody, reqBody: Uint8Array): Uint8Array;
  /** The padata that everybody may see. `bound` is what ties them to their message: see `KrbFastArmoredReq`. */
  seal(inner: InnerRequest, bound: Uint8Array): readonly PaData[];
  /** The error that the KDC means; throws where it is none that can be gone by. */
  openError(error: KrbError, nonce: number): KrbError;
  /** What a reply says beside its sealed part; throws KerberosError REPLY_MODIFIED and FAST_REQUIRED. */
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
  /** The key of the reply's sealed part, for the one that the exchange made. */
  strengthen(key: Key): Key;
}

/** No armor: everything is as it is sent. */
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
