import { describe, expect, it } from 'vitest';
import { changePassword, type PasswordOutcome } from '../../src/ap/change-password.ts';
import { openPriv, sealPriv } from '../../src/ap/priv.ts';
import { bytesToText, textToBytes } from '../../src/codec/text.ts';
import { type Key, randomKey } from '../../src/crypto/key.ts';
import { IntegrityError } from '../../src/errors.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../../src/messages/ap.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { ADDR_INET, KU_AP_REP, KU_AP_REQ_AUTHENTICATOR } from '../../src/messages/numbers.ts';
import { ChangePasswdData } from '../../src/messages/password.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { seal, toEncryptionKey, toKey, unseal } from '../../src/messages/seal.ts';
import { makeCredential, NOW } from './made-up.ts';

const credential = makeCredential();
const sessionKey = toKey(credential.key);
const sAddress = { addrType: ADDR_INET, address: new Uint8Array(4) };

interface Request {
  readonly version: number;
  readonly authenticator: Authenticator;
  readonly subkey: Key;
  readonly userData: Uint8Array;
}

function readRequest(bytes: Uint8Array): Request {
  const message = Buffer.from(bytes);
  expect(message.readUInt16BE(0)).toBe(message.length);
  const apEnd = 6 + message.readUInt16BE(4);
  const { authenticator: sealed } = ApReq.decode(message.subarray(6, apEnd));
  const authenticator = unseal(Authenticator, sealed, sessionKey, KU_AP_REQ_AUTHENTICATOR);
  const subkey = toKey(authenticator.subkey!);
  const { userData, seqNumber } = openPriv(message.subarray(apEnd), subkey);
  expect(seqNumber).toBe(authenticator.seqNumber);
  return { version: message.readUInt16BE(2), authenticator, subkey, userData };
}

interface Answer {
  readonly result?: Uint8Array;
  readonly acceptorSubkey?: Key;
  readonly privKey?: Key;
  readonly seqNumber?: number;
  readonly apRepKey?: Key;
}

function answer({ authenticator, subkey }: Request, given: Answer = {}): Uint8Array {
  const { result = Uint8Array.of(0, 0), acceptorSubkey, apRepKey = sessionKey } = given;
  const { ctime, cusec } = authenticator;
  const part = {
    ctime,
    cusec,
    seqNumber: 77,
    ...(acceptorSubkey && { subkey: toEncryptionKey(acceptorSubkey) }),
  };
  const apRep = ApRep.encode({ encPart: seal(EncApRepPart, part, apRepKey, KU_AP_REP) });
  const key = given.privKey ?? acceptorSubkey ?? subkey;
  return framed(apRep, sealPriv(result, key, { seqNumber: given.seqNumber ?? 77, sAddress }));
}

function framed(apRep: Uint8Array, rest: Uint8Array, length = 6 + apRep.length + rest.length): Uint8Array {
  const header = Buffer.alloc(6);
  header.writeUInt16BE(length, 0);
  header.writeUInt16BE(1, 2);
  header.writeUInt16BE(apRep.length, 4);
  return Buffer.concat([header, apRep, rest]);
}

function krbError(eData?: Uint8Array): Uint8Array {
  return KrbError.encode({
    stime: NOW,
    susec: 0,
    errorCode: 60,
    realm: 'A.TEST',
    sname: { nameType: 2, nameString: ['kadmin', 'changepw'] },
    ...(eData && { eData }),
  });
}

function change(reply: (request: Request) => Uint8Array, target?: string): Promise<PasswordOutcome> {
  return changePassword(credential, 'new pässword', {
    now: () => NOW,
    transport: async (_, request) => reply(readRequest(request)),
    target: target === undefined ? undefined : parsePrincipal(target),
  });
}

const result = (code: number, text = ''): Uint8Array =>
  Buffer.concat([Buffer.of(0, code), textToBytes(text)]);

describe('a password server', () => {
  it('is sent the new password, sealed, and says that it is changed', async () => {
    let seen: Request | undefined;
    const outcome = await change(request => {
      seen = request;
      return answer(request);
    });
    expect(outcome).toEqual({ status: 'changed', soft: false, result: 'Success', text: '' });
    expect([seen!.version, bytesToText(seen!.userData)]).toEqual([1, 'new pässword']);
  });

  it('is told whose password to set', async () => {
    let seen: Request | undefined;
    await change(request => {
      seen = request;
      return answer(request);
    }, 'bob/x@B.TEST');
    expect(seen!.version).toBe(0xff80);
    const { newPasswd, targName, targRealm } = ChangePasswdData.decode(seen!.userData);
    expect([bytesToText(newPasswd), targName?.nameString, targRealm]).toEqual([
      'new pässword',
      ['bob', 'x'],
      'B.TEST',
    ]);
  });

  it('may choose a subkey, and use it or, as Windows does, ours', async () => {
    const acceptorSubkey = randomKey(sessionKey.etype);
    expect(await change(request => answer(request, { acceptorSubkey }))).toMatchObject({ status: 'changed' });
    expect(
      await change(request => answer(request, { acceptorSubkey, privKey: request.subkey })),
    ).toMatchObject({ status: 'changed' });
  });

  it.each([
    [1, 'Malformed request error'],
    [2, 'Server error'],
    [3, 'Authentication error'],
    [4, 'Password change rejected'],
    [5, 'Access denied'],
    [6, 'Wrong protocol version'],
    [7, 'Initial password required'],
    [9, 'Password change failed'],
  ])('rejects with result %i: %s', async (code, words) => {
    expect(await change(request => answer(request, { result: result(code, 'because') }))).toEqual({
      status: 'rejected',
      soft: code === 4,
      result: words,
      text: 'because',
    });
  });

  it('rejects in an error as well', async () => {
    const rejected = { status: 'rejected', soft: false, result: 'Access denied', text: 'no' };
    expect(await change(() => krbError(result(5, 'no')))).toEqual(rejected);
    expect(await change(() => framed(new Uint8Array(0), krbError(result(5, 'no'))))).toEqual(rejected);
  });

  it('is not believed that it changed anything when an error says so', async () => {
    expect(await change(() => krbError(result(0)))).toMatchObject({ status: 'unproven' });
  });

  it('may fail altogether', async () => {
    await expect(change(() => krbError())).rejects.toMatchObject({ code: 'SERVER_REFUSED' });
  });

  it.each<[string, (request: Request) => Uint8Array, object]>([
    [
      'without the session key',
      request => answer(request, { apRepKey: randomKey(sessionKey.etype) }),
      { code: 'MUTUAL_FAILED' },
    ],
    [
      'with another sequence number',
      request => answer(request, { seqNumber: 78 }),
      { code: 'REPLY_MODIFIED' },
    ],
    [
      'with a reply under another key',
      request => answer(request, { privKey: randomKey(sessionKey.etype) }),
      IntegrityError,
    ],
    ['with a result cut short', request => answer(request, { result: Uint8Array.of(0) }), { code: 'CODEC' }],
    ['with a wrong length', () => framed(new Uint8Array(0), krbError(), 5), { code: 'CODEC' }],
    ['with too long an AP-REP', () => Buffer.of(0, 7, 0, 1, 0, 99, 0), { code: 'CODEC' }],
    ['with nothing', () => new Uint8Array(0), { code: 'CODEC' }],
  ])('%s is not believed', async (_, reply, fault) => {
    const failure = await change(reply).then(
      () => expect.unreachable(),
      error => error,
    );
    if (typeof fault === 'function') expect(failure).toBeInstanceOf(fault);
    else expect(failure).toMatchObject(fault);
  });
});

describe('the policy of Active Directory', () => {
  function policy(values: {
    length?: number;
    history?: number;
    complex?: boolean;
    age?: number;
  }): Uint8Array {
    const data = Buffer.alloc(32);
    data.writeUInt16BE(4, 0);
    data.writeUInt32BE(values.length ?? 0, 4);
    data.writeUInt32BE(values.history ?? 0, 8);
    data.writeUInt32BE(values.complex ? 1 : 0, 12);
    data.writeBigUInt64BE(BigInt(values.age ?? 0) * 864_000_000_000n, 24);
    return data;
  }
  const told = async (values: Parameters<typeof policy>[0]): Promise<string> =>
    (await change(request => answer(request, { result: policy(values) }))).text;

  it('is told in words', async () => {
    expect(await told({ length: 7, history: 24, complex: true, age: 1 })).toBe(
      'It must mix three of upper case, lower case, digits and symbols, and not contain your name.  ' +
        'It must have at least 7 characters.  It must differ from the last 24 passwords.  ' +
        'A password can be changed again after a day.',
    );
    expect(await told({ length: 1, history: 1, age: 3 })).toBe(
      'It must have at least 1 character.  It must differ from the last password.  ' +
        'A password can be changed again after 3 days.',
    );
  });

  it('that asks for nothing leaves it to the administrator', async () => {
    expect(await told({})).toMatch(/administrator/);
  });
});
