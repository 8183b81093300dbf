import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importKey, randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import { KrbFastReq, PaFxFastRequest } from '../../src/messages/fast.ts';
import { KdcReqBody } from '../../src/messages/kdc-req.ts';
import type { KrbError } from '../../src/messages/krb-error.ts';
import { KU_FAST_ENC, PA_FX_FAST } from '../../src/messages/numbers.ts';
import { unseal } from '../../src/messages/seal.ts';
import { MethodData } from '../../src/messages/types.ts';
import { noArmor } from '../../src/preauth/armor.ts';
import { FastArmor, implicitArmor } from '../../src/preauth/fast.ts';
import { challengeKey, strengthenedKey, ticketArmorKey } from '../../src/preauth/fast-keys.ts';

const body: KdcReqBody = {
  kdcOptions: 0,
  cname: { nameType: 1, nameString: ['alice'] },
  realm: 'A.TEST',
  till: new Date(0),
  nonce: 7,
  etype: [18],
};
const reqBody = KdcReqBody.encode(body);
const armor = { armorType: 1, armorValue: new Uint8Array(3) };
const error: KrbError = {
  stime: new Date(0),
  susec: 0,
  errorCode: 25,
  realm: 'A.TEST',
  sname: { nameType: 2, nameString: ['krbtgt', 'A.TEST'] },
};
const reply = {
  crealm: 'A.TEST',
  cname: { nameType: 1, nameString: ['alice'] },
  ticket: new Uint8Array(5),
};

describe('the keys of FAST', () => {
  const [one, other] = [importKey(18, new Uint8Array(32).fill(1)), importKey(17, new Uint8Array(16).fill(2))];

  it('are of the enctype of what binds them to the conversation', () => {
    expect(ticketArmorKey(one, other).etype).toBe(18);
    expect(strengthenedKey(other, one).etype).toBe(17);
    expect(challengeKey('kdc', other, one).etype).toBe(17);
  });

  it('are another for every purpose', () => {
    const keys = [
      ticketArmorKey(one, other),
      strengthenedKey(one, other),
      challengeKey('client', one, other),
      challengeKey('kdc', one, other),
    ];
    expect(new Set(keys.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).size).toBe(4);
  });
});

describe('FAST armor', () => {
  const key = randomKey(18);

  it('holds the padata and the body', () => {
    const padata = [{ padataType: 2, padataValue: Uint8Array.of(1) }];
    const [sealed, ...others] = new FastArmor(key, { armor }).seal({ padata, reqBody }, reqBody);
    expect(others).toEqual([]);
    const { encFastReq } = PaFxFastRequest.decode(sealed!.padataValue).armoredData;
    expect(unseal(KrbFastReq, encFastReq, key, KU_FAST_ENC)).toEqual({ fastOptions: 0, padata, reqBody });
  });

  it.each([
    ['an explicit armor', new FastArmor(key, { armor })],
    ['an implicit armor', implicitArmor(key, key)],
  ])('junk in %s ends in a KerberosError', (_, fast) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), padataValue => {
        const padata = [{ padataType: PA_FX_FAST, padataValue }];
        const eData = MethodData.encode(padata);
        expect(() => fast.openReply({ ...reply, padata }, 7)).toThrow(KerberosError);
        expect(() => fast.openError({ ...error, eData }, 7)).toThrow(KerberosError);
      }),
    );
  });

  it.each([
    ['none', undefined],
    ['garbage', Uint8Array.of(1, 2, 3)],
    ['other METHOD-DATA', MethodData.encode([{ padataType: 2, padataValue: new Uint8Array(0) }])],
  ])('an error with e-data that is %s is outside', (_, eData) => {
    const told = { ...error, errorCode: 6, eData };
    expect(() => new FastArmor(key, { armor }).openError(told, 7)).toThrow('outside the FAST armor');
    expect(implicitArmor(key, key).openError(told, 7)).toBe(told);
  });
});

describe('no armor', () => {
  it('leaves everything as it is', () => {
    const padata = [{ padataType: 2, padataValue: Uint8Array.of(1) }];
    expect(noArmor.outerBody(body, reqBody)).toBe(reqBody);
    expect(noArmor.seal({ padata, reqBody }, reqBody)).toBe(padata);
    expect(noArmor.openError(error, 7)).toBe(error);
    const opened = noArmor.openReply({ ...reply, padata }, 7);
    const key = randomKey(18);
    expect([opened.client.components, opened.padata, opened.strengthen(key)]).toEqual([
      ['alice'],
      padata,
      key,
    ]);
  });
});
