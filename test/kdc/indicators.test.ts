import { describe, expect, it } from 'vitest';
import { findIndicators } from '../../src/ap/authentication-indicators.ts';
import type { ValueOf } from '../../src/codec/codec.ts';
import {
  AD_AUTHENTICATION_INDICATOR,
  AD_CAMMAC,
  AD_IF_RELEVANT,
  AdCammac,
  AuthenticationIndicators,
} from '../../src/messages/authorization.ts';
import { KDC_ERR_POLICY } from '../../src/messages/error-codes.ts';
import { KU_TGS_REQ_AD_SESSKEY } from '../../src/messages/numbers.ts';
import { seal, toKey } from '../../src/messages/seal.ts';
import { AuthorizationData, type AuthorizationDataElement } from '../../src/messages/types.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  forgedTicket,
  type Granted,
  grantedByAs,
  grantedByTgs,
  keyOf,
  type Lab,
  nameOf,
  REALM,
  refusalOf,
  tgsRequest,
  tgtOf,
} from './support.ts';

const POLICY = { indicators: { encryptedTimestamp: ['password', 'weak'] } };
type Cammac = ValueOf<typeof AdCammac>;
const TGS = `krbtgt/${REALM}`;

function indicatorsIn(lab: Lab, { ticket }: Granted, service: string): readonly string[] {
  return findIndicators(ticket.authorizationData ?? [], keyOf(lab, service));
}

/** The CAMMAC of a ticket. */
function cammacOf({ ticket }: Granted): Cammac {
  const elements = ticket.authorizationData!.flatMap(({ adData }) => AuthorizationData.decode(adData));
  return AdCammac.decode(elements.find(({ adType }) => adType === AD_CAMMAC)!.adData);
}

function elementOf(cammac: Cammac): AuthorizationDataElement {
  const inner = [{ adType: AD_CAMMAC, adData: AdCammac.encode(cammac) }];
  return { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode(inner) };
}

describe('authentication indicators', () => {
  it('tell services by which mechanism the client was authenticated', () => {
    const lab = createLab(POLICY);
    const tgt = tgtOf(lab);
    expect(indicatorsIn(lab, tgt, TGS)).toEqual(['password', 'weak']);
    expect(indicatorsIn(lab, grantedByTgs(lab, tgt), 'host/server')).toEqual(['password', 'weak']);
    // The KDC's own verifier names the key; the service knows its own.
    expect(cammacOf(tgt).kdcVerifier?.kvno).toBe(1);
    expect(cammacOf(tgt).svcVerifier?.kvno).toBeUndefined();
  });

  it('are not said of those who have not authenticated, nor where the realm says nothing', () => {
    const lab = createLab({ ...POLICY, requiresPreauth: false });
    expect(indicatorsIn(lab, grantedByAs(lab, asRequest(lab, {}, [])), TGS)).toEqual([]);
    const silent = createLab({ indicators: { pkinit: ['certificate'] } });
    expect(indicatorsIn(silent, tgtOf(silent), TGS)).toEqual([]);
  });

  it('are left out for services that want none, and stand alone where there is no PAC', () => {
    const lab = createLab({ ...POLICY, pac: false });
    addPrincipal(lab, 'nfs/server', { noPac: true });
    const tgt = tgtOf(lab);
    expect(tgt.ticket.authorizationData).toHaveLength(1);
    expect(grantedByTgs(lab, tgt).ticket.authorizationData).toHaveLength(1);
    expect(grantedByTgs(lab, tgt, { sname: nameOf('nfs/server') }).ticket.authorizationData).toBeUndefined();
  });

  it('may be required, one of several', () => {
    const lab = createLab(POLICY);
    addPrincipal(lab, 'safe/server', { requiresIndicators: ['certificate', 'token'] });
    addPrincipal(lab, 'lax/server', { requiresIndicators: ['certificate', 'weak'] });
    const tgt = tgtOf(lab);
    const safe = { sname: nameOf('safe/server') };
    const lax = { sname: nameOf('lax/server') };
    for (const request of [tgsRequest(lab, tgt, safe), asRequest(lab, safe)]) {
      expect(refusalOf(lab, request)).toMatchObject({
        errorCode: KDC_ERR_POLICY,
        eText: 'HIGHER_AUTHENTICATION_REQUIRED',
      });
    }
    expect(indicatorsIn(lab, grantedByTgs(lab, tgt, lax), 'lax/server')).toContain('weak');
    expect(indicatorsIn(lab, tgtOf(lab, lax), 'lax/server')).toContain('weak');
  });

  it('that the KDC has not vouched for in this very ticket count for nothing', () => {
    const lab = createLab({});
    const vouching = createLab(POLICY);
    addPrincipal(lab, 'lax/server', { requiresIndicators: ['weak'] });
    const lax = { sname: nameOf('lax/server') };
    const tgt = tgtOf(lab);
    const refused = (header: Granted, element: AuthorizationDataElement): number => {
      const ticket = forgedTicket(lab, header, { authorizationData: [element] });
      return refusalOf(lab, tgsRequest(lab, header, lax, { ticket })).errorCode;
    };
    const foreign = elementOf(cammacOf(tgtOf(vouching)));
    const bare = { adType: AD_AUTHENTICATION_INDICATOR, adData: AuthenticationIndicators.encode(['weak']) };
    for (const element of [foreign, bare]) {
      expect(refused(tgt, element)).toBe(KDC_ERR_POLICY);
      const key = toKey(tgt.part.key);
      const sent = { encAuthorizationData: seal(AuthorizationData, [element], key, KU_TGS_REQ_AD_SESSKEY) };
      expect(refusalOf(lab, tgsRequest(lab, tgt, { ...lax, ...sent })).errorCode).toBe(KDC_ERR_POLICY);
      expect(grantedByTgs(lab, tgt, sent).ticket.authorizationData).toHaveLength(1);
    }
    lab.database.addRealm(REALM, POLICY);
    const earlier = tgtOf(lab);
    lab.advance(60);
    // What is true of one ticket is not of the next.
    expect(refused(tgtOf(lab), elementOf(cammacOf(earlier)))).toBe(KDC_ERR_POLICY);
  });
});
