import { describe, expect, it } from 'vitest';
import { findIndicators } from '../../src/ap/authentication-indicators.ts';
import { makeChecksum } from '../../src/crypto/checksum.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { CodecError } from '../../src/errors.ts';
import {
  AD_AUTHENTICATION_INDICATOR,
  AD_CAMMAC,
  AD_IF_RELEVANT,
  AdCammac,
  AuthenticationIndicators,
  KU_CAMMAC,
} from '../../src/messages/authorization.ts';
import { AuthorizationData, type AuthorizationDataElement } from '../../src/messages/types.ts';

const key = randomKey(18);

function indicators(...names: readonly string[]): AuthorizationDataElement {
  return { adType: AD_AUTHENTICATION_INDICATOR, adData: AuthenticationIndicators.encode(names) };
}

function cammac(elements: AuthorizationData, signer = key, usage = KU_CAMMAC): AuthorizationDataElement {
  const mac = makeChecksum(signer, usage, AuthorizationData.encode(elements));
  return { adType: AD_CAMMAC, adData: AdCammac.encode({ elements, svcVerifier: { mac } }) };
}

function ifRelevant(...elements: AuthorizationData): AuthorizationDataElement {
  return { adType: AD_IF_RELEVANT, adData: AuthorizationData.encode(elements) };
}

describe('authentication indicators', () => {
  it.each<[string, AuthorizationData]>([
    ['in a CAMMAC', [cammac([indicators('otp', 'pkinit')])]],
    ['in one that may be passed over', [ifRelevant(cammac([indicators('otp', 'pkinit')]))]],
    ['that may be passed over within it', [cammac([ifRelevant(indicators('otp', 'pkinit'))])]],
    ['in two of them', [ifRelevant(cammac([indicators('otp')]), cammac([indicators('pkinit')]))]],
    [
      'beside other things',
      [
        { adType: 99, adData: Uint8Array.of(1) },
        cammac([{ adType: 9, adData: new Uint8Array(0) }, indicators('otp', 'pkinit')]),
      ],
    ],
  ])('are found %s', (_, authorizationData) => {
    expect(findIndicators(authorizationData, key)).toEqual(['otp', 'pkinit']);
  });

  it.each<[string, AuthorizationData]>([
    ['without a CAMMAC', [ifRelevant(indicators('otp'))]],
    ['that another key vouches for', [cammac([indicators('otp')], randomKey(18))]],
    ['that are vouched for as something else', [cammac([indicators('otp')], key, KU_CAMMAC - 1)]],
    [
      'that nobody vouches for to the service',
      [{ adType: AD_CAMMAC, adData: AdCammac.encode({ elements: [indicators('otp')] }) }],
    ],
    ['in a ticket without authorization data', []],
  ])('are none %s', (_, authorizationData) => {
    expect(findIndicators(authorizationData, key)).toEqual([]);
  });

  it('that are junk are refused', () => {
    const junk = { adType: AD_AUTHENTICATION_INDICATOR, adData: Uint8Array.of(0x30, 1) };
    expect(() => findIndicators([cammac([junk])], key)).toThrow(CodecError);
    expect(() => findIndicators([{ adType: AD_CAMMAC, adData: Uint8Array.of(4) }], key)).toThrow(CodecError);
  });
});
