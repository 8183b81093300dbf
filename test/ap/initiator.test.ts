import { describe, expect, it } from 'vitest';
import { acceptApReq } from '../../src/ap/acceptor.ts';
import { ApError } from '../../src/ap/ap-error.ts';
import { createApReq } from '../../src/ap/initiator.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { CodecError } from '../../src/errors.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../../src/messages/ap.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { KdcError } from '../../src/messages/krb-error.ts';
import { KU_AP_REP, KU_AP_REQ_AUTHENTICATOR } from '../../src/messages/numbers.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../../src/messages/seal.ts';
import { keytab, later, makeCredential, NOW, sample } from './made-up.ts';

const now = () => NOW;

describe('an authenticator', () => {
  it('differs from every other of the same millisecond', () => {
    const credential = makeCredential();
    const times = Array.from({ length: 500 }, () =>
      opened(createApReq(credential, { now }).apReq, credential),
    );
    expect(new Set(times.map(({ cusec }) => cusec)).size).toBe(500);
    expect(times.every(({ cusec }) => Math.floor(cusec / 1000) === 250)).toBe(true);
  });

  it('goes by the KDC’s clock', () => {
    const credential = makeCredential();
    const { apReq } = createApReq(credential, { now, kdcOffset: 90_000 });
    expect(opened(apReq, credential).ctime.getTime()).toBe(Math.floor(later(90).getTime() / 1000) * 1000);
  });

  it('has neither subkey nor sequence number nor checksum unless asked for', () => {
    const credential = makeCredential();
    const plain = opened(createApReq(credential, { now }).apReq, credential);
    expect(plain).not.toHaveProperty('subkey');
    expect(plain).not.toHaveProperty('seqNumber');
    expect(plain).not.toHaveProperty('cksum');
  });

  it('carries the client’s own authorization data', () => {
    const credential = makeCredential();
    const authorizationData = [{ adType: 1, adData: Uint8Array.of(0x30, 0) }];
    const { apReq } = createApReq(credential, { now, authorizationData });
    expect(opened(apReq, credential).authorizationData).toEqual(authorizationData);
  });
});

describe('an AP-REP is taken for no proof when', () => {
  const credential = makeCredential();
  const request = createApReq(credential, { now, mutual: true });
  const { ctime, cusec } = opened(request.apReq, credential);

  it.each<[string, EncApRepPart]>([
    ['it names another second', { ctime: later(1), cusec }],
    ['it names another microsecond', { ctime, cusec: (cusec + 1) % 1_000_000 }],
  ])('%s', (_, part) => {
    const apRep = ApRep.encode({ encPart: seal(EncApRepPart, part, toKey(credential.key), KU_AP_REP) });
    expect(() => request.verify(apRep)).toThrow(expect.objectContaining({ code: 'MUTUAL_FAILED' }));
  });

  it.each([18, 17])('it is sealed in another key, of enctype %i', etype => {
    const apRep = ApRep.encode({
      encPart: seal(EncApRepPart, { ctime, cusec }, randomKey(etype), KU_AP_REP),
    });
    expect(() => request.verify(apRep)).toThrow(expect.objectContaining({ code: 'MUTUAL_FAILED' }));
  });

  it('it answers another request', async () => {
    const other = createApReq(credential, { now, mutual: true });
    const apRep = (await acceptApReq(other.apReq, { keytab, now })).reply();
    expect(() => request.verify(apRep)).toThrow(expect.objectContaining({ code: 'MUTUAL_FAILED' }));
  });

  it('any bit of it is flipped', async () => {
    const apRep = (await acceptApReq(request.apReq, { keytab, now, subkey: true })).reply();
    for (let at = 0; at < apRep.length; at++) {
      const bytes = Uint8Array.from(apRep);
      bytes[at]! ^= 0x04;
      const codes = ['MUTUAL_FAILED', 'CODEC'];
      expect(() => request.verify(bytes)).toThrow(
        expect.objectContaining({ code: expect.toSatisfy(code => codes.includes(code)) }),
      );
    }
  });

  it('it is junk', () => {
    expect(() => request.verify(Uint8Array.of(0x6f, 1, 0))).toThrow(CodecError);
  });

  it('the service refuses instead', () => {
    const refusal = new ApError(37).toKrbError(sample, NOW);
    const error = caught(() => request.verify(refusal));
    expect(error).toBeInstanceOf(KdcError);
    expect(error).toMatchObject({
      code: 'SERVER_REFUSED',
      errorCode: 37,
      errorName: 'KRB_AP_ERR_SKEW',
      message: expect.stringMatching(/^Clock skew too great \(alice@A\.TEST for .*\)$/),
    });
  });
});

describe('a credential that cannot be used', () => {
  it('is one with a key of the wrong length', () => {
    const credential = { ...makeCredential(), key: { ...toEncryptionKey(randomKey(17)), keytype: 18 } };
    expect(() => createApReq(credential)).toThrow(expect.objectContaining({ code: 'KEY_LENGTH' }));
  });
});

function opened(apReq: Uint8Array, credential: Credential): Authenticator {
  const { authenticator } = ApReq.decode(apReq);
  return unseal(Authenticator, authenticator, toKey(credential.key), KU_AP_REQ_AUTHENTICATOR);
}

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
