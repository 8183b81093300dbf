import { describe, expect, it } from 'vitest';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import {
  AD_IF_RELEVANT,
  AD_KDC_ISSUED,
  AD_MANDATORY_FOR_KDC,
  AD_WIN2K_PAC,
} from '../../src/messages/authorization.ts';
import { KDC_ERR_POLICY, KRB_AP_ERR_BAD_INTEGRITY } from '../../src/messages/error-codes.ts';
import { KU_TGS_REQ_AD_SESSKEY, KU_TGS_REQ_AD_SUBKEY } from '../../src/messages/numbers.ts';
import { seal, toKey } from '../../src/messages/seal.ts';
import { AuthorizationData, type AuthorizationDataElement } from '../../src/messages/types.ts';
import { createLab, forgedTicket, grantedByTgs, refusalOf, tgsRequest, tgtOf } from './support.ts';

function element(adType: number, ...bytes: number[]): AuthorizationDataElement {
  return { adType, adData: Uint8Array.from(bytes) };
}

function sealed(elements: readonly AuthorizationDataElement[], key: Key, usage: number) {
  return { encAuthorizationData: seal(AuthorizationData, elements, key, usage) };
}

function wrapped(...elements: AuthorizationDataElement[]): AuthorizationDataElement {
  return { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode(elements) };
}

describe('authorization data', () => {
  it('goes from the ticket-granting ticket to those that rest on it, and what the client adds after it', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const restricted = {
      ...tgt,
      ticketBytes: forgedTicket(lab, tgt, { authorizationData: [element(-5, 1)] }),
    };
    expect(grantedByTgs(lab, restricted).ticket.authorizationData).toEqual([element(-5, 1)]);
    const key = toKey(tgt.part.key);
    const own = wrapped(element(-6, 2));
    const added = grantedByTgs(lab, restricted, sealed([own], key, KU_TGS_REQ_AD_SESSKEY));
    expect(added.ticket.authorizationData).toEqual([element(-5, 1), own]);
    const subkey = randomKey(17);
    const again = grantedByTgs(lab, restricted, sealed([own], subkey, KU_TGS_REQ_AD_SUBKEY), { subkey });
    expect(again.ticket.authorizationData).toEqual([element(-5, 1), own]);
  });

  it('of the client cannot pose as that of a KDC', () => {
    const lab = createLab({ pac: false });
    const tgt = tgtOf(lab);
    const deep = wrapped(wrapped(wrapped(wrapped(wrapped(element(-6))))));
    const forged = [
      deep,
      wrapped(wrapped(element(AD_WIN2K_PAC, 1))),
      element(AD_WIN2K_PAC, 1),
      wrapped(element(AD_WIN2K_PAC, 1)),
      element(AD_KDC_ISSUED, 1),
    ];
    const asked = sealed([...forged, element(-6, 2)], toKey(tgt.part.key), KU_TGS_REQ_AD_SESSKEY);
    expect(grantedByTgs(lab, tgt, asked).ticket.authorizationData).toEqual([element(-6, 2)]);
  });

  it('that a KDC must understand is refused', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const asked = sealed([element(AD_MANDATORY_FOR_KDC)], toKey(tgt.part.key), KU_TGS_REQ_AD_SESSKEY);
    expect(refusalOf(lab, tgsRequest(lab, tgt, asked)).errorCode).toBe(KDC_ERR_POLICY);
  });

  it('in a key that it does not belong to is refused', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    const asked = sealed([element(-6)], randomKey(tgt.part.key.keytype), KU_TGS_REQ_AD_SESSKEY);
    expect(refusalOf(lab, tgsRequest(lab, tgt, asked)).errorCode).toBe(KRB_AP_ERR_BAD_INTEGRITY);
  });
});
