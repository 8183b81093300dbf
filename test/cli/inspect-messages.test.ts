import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { changePassword } from '../../src/ap/change-password.ts';
import { sealPriv } from '../../src/ap/priv.ts';
import { fileReplayCache } from '../../src/ap/replay-file.ts';
import { inspectBytes } from '../../src/cli/inspect/formats.ts';
import { InspectKeys, type KeySources } from '../../src/cli/inspect/keys.ts';
import { treeText } from '../../src/cli/inspect/node.ts';
import { KerbErrorData } from '../../src/cli/inspect/types.ts';
import { OctetString, Utf8String } from '../../src/codec/der/primitives.ts';
import { explicit } from '../../src/codec/der/schema.ts';
import { textToBytes } from '../../src/codec/text.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { KerberosError } from '../../src/errors.ts';
import { encodeGssChecksum, GSS_CHECKSUM } from '../../src/gss/authenticator-checksum.ts';
import { CfxTokens } from '../../src/gss/cfx.ts';
import { frame, TOK_TGT_REQ } from '../../src/gss/framing.ts';
import { firstProxyToken } from '../../src/gss/iakerb/messages.ts';
import { KRB5, KRB5_USER_TO_USER } from '../../src/gss/oids.ts';
import { Rfc1964Tokens } from '../../src/gss/rfc1964.ts';
import { encodeNegTokenInit2, NegotiationResponse } from '../../src/gss/spnego/messages.ts';
import type { Side } from '../../src/gss/token-format.ts';
import { KerbTgtRequest } from '../../src/gss/user-to-user-messages.ts';
import { ApRep, ApReq, Authenticator, EncApRepPart } from '../../src/messages/ap.ts';
import { encodeKrbCred } from '../../src/messages/krb-cred.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { PaOtpChallenge, PaOtpEncRequest, PaOtpRequest } from '../../src/messages/otp.ts';
import { AuthPack, PaPkAsRep, PaPkAsReq } from '../../src/messages/pkinit.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import { parsePrincipal, toPrincipalName } from '../../src/messages/principal.ts';
import { KdcProxyMessage } from '../../src/messages/proxy.ts';
import { seal, toEncryptionKey, toKey } from '../../src/messages/seal.ts';
import { PaSpake } from '../../src/messages/spake.ts';
import { MethodData, type PaData } from '../../src/messages/types.ts';
import { challengeKey, ticketArmorKey } from '../../src/preauth/fast-keys.ts';
import { groupsFrom } from '../../src/preauth/pkinit/groups.ts';
import { ID_PKINIT_AUTH_DATA } from '../../src/preauth/pkinit/numbers.ts';
import { signData } from '../../src/preauth/pkinit/signed-data.ts';
import { alice, keytab, makeCredential, NOW, sample } from '../ap/made-up.ts';
import { CLIENT_PURPOSE, certify } from '../support/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'krb5kit-inspect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const credential = makeCredential();
const sessionKey = toKey(credential.key);

function inspected(bytes: Uint8Array, sources: KeySources & { showKeys?: boolean } = {}): string {
  const { showKeys = false, ...rest } = sources;
  return treeText(inspectBytes(bytes, { keys: new InspectKeys(rest), showKeys, left: 10_000 }));
}

/** An error of a KDC that carries padata, which is the shortest way to show them. */
function errorWith(eData: Uint8Array): Uint8Array {
  const names = { realm: 'A.TEST', sname: toPrincipalName(sample) };
  return KrbError.encode({ stime: NOW, susec: 0, errorCode: 25, ...names, eData });
}

function withPadata(...padata: readonly PaData[]): Uint8Array {
  return errorWith(MethodData.encode(padata));
}

function apReq(options: Partial<Authenticator> = {}): Uint8Array {
  const authenticator = {
    crealm: alice.realm,
    cname: toPrincipalName(alice),
    cusec: 7,
    ctime: NOW,
    ...options,
  };
  return ApReq.encode({
    apOptions: 0x20000000,
    ticket: credential.ticket,
    authenticator: seal(Authenticator, authenticator, sessionKey, 11),
  });
}

describe('PKINIT', () => {
  const { certificate, privateKey } = certify('alice', {
    issuer: certify('Lab CA', { ca: true }),
    principals: [alice],
    purposes: [CLIENT_PURPOSE],
  });
  const [group] = groupsFrom('2048');
  const pair = group!.generate();
  const pkAuthenticator = { cusec: 1, ctime: NOW, nonce: 4711, paChecksum: new Uint8Array(20) };
  const authPack = AuthPack.encode({
    pkAuthenticator,
    clientPublicValue: { algorithm: group!.algorithm(), subjectPublicKey: pair.publicKey },
    supportedKdfs: [{ kdfId: '1.3.6.1.5.2.3.6.2' }],
  });
  const signedAuthPack = signData(ID_PKINIT_AUTH_DATA, authPack, { certificate, privateKey, chain: [] });

  it('shows what is signed, by whom, and for which group', () => {
    const text = inspected(withPadata({ padataType: 16, padataValue: PaPkAsReq.encode({ signedAuthPack }) }));
    expect(text).toContain('contentType: signedData (1.2.840.113549.1.7.2)\n');
    expect(text).toContain('encapContentInfo: id-pkinit-authData (1.3.6.1.5.2.3.1)\n');
    expect(text).toContain('nonce: 4711\n');
    expect(text).toContain('algorithm: Diffie-Hellman (1.2.840.10046.2.1), 2048 bits\n');
    expect(text).toContain('kdfId: id-pkinit-kdf-ah-sha256 (1.3.6.1.5.2.3.6.2)\n');
    expect(text).toMatch(/certificate 0:\n +subject: .*CN=alice\n +issuer: .*CN=Lab CA\n/);
    expect(text).toContain('principal: alice@A.TEST\n');
    expect(text).toContain('purposes: id-pkinit-KPClientAuth (1.3.6.1.5.2.3.4)\n');
    expect(text).toContain('digest: SHA-256 (2.16.840.1.101.3.4.2.1)\n');
  });

  it('shows a reply, and says of what is no CMS that it is none', () => {
    const reply = PaPkAsRep.encode({ dhInfo: { dhSignedData: signedAuthPack } });
    expect(inspected(withPadata({ padataType: 17, padataValue: reply }))).toMatch(
      /PA-PK-AS-REP \(17\):\n.*dhSignedData:\n.*certificate 0:\n/s,
    );
    const broken = PaPkAsReq.encode({ signedAuthPack: signedAuthPack.subarray(0, 40) });
    expect(inspected(withPadata({ padataType: 16, padataValue: broken }))).toContain('which is no CMS: ');
  });
});

describe('pre-authentication', () => {
  it('shows what a KDC asks of a token, and of the answer nothing that is secret', () => {
    const armor = randomKey(18);
    const challenge = PaOtpChallenge.encode({
      nonce: Uint8Array.of(1, 2, 3),
      otpTokenInfo: [{ flags: 0x10000000, otpVendor: 'ACME' }],
    });
    const request = PaOtpRequest.encode({
      flags: 0,
      encData: seal(PaOtpEncRequest, { nonce: Uint8Array.of(1, 2, 3) }, armor, 45),
      otpValue: textToBytes('755224'),
      otpPin: '1234',
    });
    const bytes = withPadata(
      { padataType: 141, padataValue: challenge },
      { padataType: 142, padataValue: request },
    );
    const text = inspected(bytes, { keys: [armor] });
    expect(text).toContain('flags: collect-pin (0x10000000)\n');
    expect(text).toContain('otpVendor: ACME\n');
    expect(text).toContain('PA-OTP-ENC-REQUEST:\n');
    expect(text).toContain('otpValue: (6 bytes, hidden)\n');
    expect(text).not.toContain('1234');
    expect(inspected(bytes, { showKeys: true })).toContain('otpPin: 1234\n');
  });

  it('names the groups and factors of SPAKE', () => {
    const support = PaSpake.encode({ support: { groups: [1, 2] } });
    const challenge = PaSpake.encode({
      challenge: { group: 1, pubkey: new Uint8Array(32), factors: [{ type: 1 }] },
    });
    const text = inspected(
      withPadata({ padataType: 151, padataValue: support }, { padataType: 151, padataValue: challenge }),
    );
    expect(text).toContain('groups: edwards25519 (1), P-256 (2)\n');
    expect(text).toContain('group: edwards25519 (1)\n');
    expect(text).toContain('[0]: SF-NONE (1)\n');
  });

  it("opens an encrypted challenge by the password and FAST's armor key", () => {
    const subkey = randomKey(18);
    const armor = ticketArmorKey(subkey, sessionKey);
    const clientKey = stringToKey(18, 'alicepw', 'A.TESTalice');
    const time = { patimestamp: NOW, pausec: 5 };
    for (const [side, usage] of [
      ['client', 54],
      ['kdc', 55],
    ] as const) {
      const sealed = seal(PaEncTsEnc, time, challengeKey(side, armor, clientKey), usage);
      const keys = new InspectKeys({ password: 'alicepw' });
      keys.notePrincipal(alice);
      expect(keys.openChallenge(sealed, [54, 55])).toBeUndefined();
      keys.learnArmor(toEncryptionKey(subkey), sessionKey);
      const opened = keys.openChallenge(sealed, [54, 55]);
      expect(PaEncTsEnc.decode(opened!.plaintext).pausec).toBe(5);
    }
  });

  it('tells the status of Windows in an error', () => {
    const dataValue = Buffer.from('720000c00000000003000000', 'hex');
    expect(inspected(errorWith(KerbErrorData.encode({ dataType: 3, dataValue })))).toContain(
      'KERB_ERR_TYPE_EXTENDED (3): STATUS_ACCOUNT_DISABLED (0xc0000072): the account is disabled\n',
    );
  });
});

describe('a message about a password', () => {
  const options = { now: () => NOW };
  async function requested(target?: string): Promise<Uint8Array> {
    let sent: Uint8Array | undefined;
    const transport = async (_: string, request: Uint8Array): Promise<Uint8Array> => {
      sent = request;
      throw new KerberosError('SENDAUTH', 'heard enough');
    };
    const asked = { ...options, transport, ...(target && { target: parsePrincipal(target) }) };
    await expect(changePassword(credential, 'correct horse', asked)).rejects.toThrow('heard enough');
    return sent!;
  }

  it.each([
    [undefined, 'change (1)'],
    ['bob@A.TEST', 'set (RFC 3244) (65408)'],
  ])('is a request, for %s', async (target, version) => {
    const request = await requested(target);
    const closed = inspected(request);
    expect(closed).toContain(`password request:\n  version: ${version}\n  AP-REQ:\n`);
    const opened = inspected(request, { keytab });
    expect(opened).toContain('newPassword: (13 bytes, hidden)\n');
    expect(opened).toMatch(/userData: \(\d+ bytes, hidden\)\n/);
    expect(opened).not.toMatch(/correct horse|636f7272656374/);
    if (target !== undefined) expect(opened).toContain(`target: ${target}\n`);
    expect(inspected(request, { keytab, showKeys: true })).toContain('newPassword: "correct horse"\n');
  });

  it('is a reply', () => {
    const part = { ctime: NOW, cusec: 0, seqNumber: 1 };
    const apRep = ApRep.encode({ encPart: seal(EncApRepPart, part, sessionKey, 12) });
    const result = Buffer.concat([Uint8Array.of(0, 4), textToBytes('too short')]);
    const sAddress = { addrType: 2, address: new Uint8Array(4) };
    const priv = sealPriv(result, sessionKey, { seqNumber: 1, sAddress });
    const header = Buffer.alloc(6);
    header.writeUInt16BE(6 + apRep.length + priv.length, 0);
    header.writeUInt16BE(1, 2);
    header.writeUInt16BE(apRep.length, 4);
    const text = inspected(Buffer.concat([header, apRep, priv]), { keys: [sessionKey] });
    expect(text).toContain('result: soft error (4)\n  text: "too short"\n');
  });

  it('is carried by a KDC proxy, as any message is', async () => {
    const request = await requested();
    const framed = Buffer.concat([Buffer.alloc(4), request]);
    framed.writeUInt32BE(request.length);
    const text = inspected(KdcProxyMessage.encode({ kerbMessage: framed, targetDomain: 'A.TEST' }));
    expect(text).toContain('KDC-PROXY-MESSAGE:\n  targetDomain: A.TEST\n  password request:\n');
  });
});

describe('a token for a message', () => {
  const message = textToBytes('a message');
  const sides: readonly Side[] = ['initiator', 'acceptor'];

  it.each(sides.flatMap(side => [false, true].map(seal => [side, seal] as const)))(
    'of RFC 4121, by the %s, sealed: %s',
    (side, seal) => {
      const context = { key: sessionKey, side, acceptorSubkey: side === 'acceptor', dceStyle: false };
      const token = new CfxTokens(context).wrap(message, seal, 7n);
      expect(inspected(token)).toMatch(/^Wrap token:\n {2}flags: sent by the .* {2}sequence: 7\n {2}body: /s);
      const text = inspected(token, { keys: [randomKey(18), sessionKey] });
      expect(text).toContain(`sent by the ${side}`);
      expect(text).toContain(`message: "a message", ${seal ? 'opened' : 'verified'} by the key given\n`);
      const mic = inspected(new CfxTokens(context).mic(message, 8n));
      expect(mic).toMatch(/^MIC token:\n {2}flags: [^\n]+\n {2}sequence: 8\n {2}checksum: /);
    },
  );

  it.each(sides)('of RFC 1964, by the %s', side => {
    const key = randomKey(23);
    const tokens = new Rfc1964Tokens({ key, side, acceptorSubkey: false, dceStyle: false });
    const sealed = inspected(tokens.wrap(message, true, 7n), { keys: [key] });
    expect(sealed).toContain('sealAlgorithm: RC4 (0x1000)\n');
    expect(sealed).toContain('sequence: 7\n');
    expect(sealed).toContain('message: "a message", opened by the key given\n');
    expect(inspected(tokens.wrap(message, true, 7n))).toContain('(encrypted)\n');
    expect(inspected(tokens.mic(message, 7n))).toContain(
      'MIC token:\n    signAlgorithm: HMAC MD5 (RC4) (0x1100)\n',
    );
  });

  it('is not taken for a cache, nor a cache for it', () => {
    const cache = Buffer.from('0504000c00010008ffffffff00000000', 'hex');
    expect(() => inspected(cache)).toThrow(KerberosError);
  });
});

describe('a token for a context', () => {
  it('says by the checksum that is none what the context is for, and what is delegated', () => {
    const flags = {
      delegation: true,
      mutual: true,
      replay: false,
      sequence: false,
      confidentiality: true,
      integrity: true,
      anonymous: false,
      dceStyle: false,
      identify: false,
    };
    const delegation = encodeKrbCred([credential]);
    const checksum = encodeGssChecksum({ bindings: new Uint8Array(16), flags, delegation });
    const message = apReq({ cksum: { cksumtype: GSS_CHECKSUM, checksum } });
    const text = inspected(frame({ mechanism: KRB5, tokenId: 0x0100, message }), { keytab });
    expect(text).toContain('flags: delegation, mutual, confidentiality, integrity\n');
    expect(text).toContain('channelBindings: (none)\n');
    expect(text).toMatch(/delegation:\n +KRB-CRED:\n/);
    expect(text).not.toContain(Buffer.from(credential.key.keyvalue).toString('hex'));
  });

  it('is one of user-to-user authentication, or of IAKERB', () => {
    const request = KerbTgtRequest.encode({ realm: 'A.TEST' });
    const framed = frame({ mechanism: KRB5_USER_TO_USER, tokenId: TOK_TGT_REQ, message: request });
    expect(inspected(framed)).toMatch(
      /tokenId: KERB_TGT_REQUEST \(0x0400\)\n {2}KERB-TGT-REQUEST:\n {4}realm: A\.TEST\n/,
    );
    // As in the draft, and as in MIT's library.
    for (const targetRealm of [Utf8String.encode('A.TEST'), OctetString.encode(Buffer.from('A.TEST'))]) {
      const text = inspected(firstProxyToken({ header: { targetRealm }, message: apReq() }));
      expect(text).toContain('mechanism: IAKERB (1.3.6.1.5.2.5)\n');
      expect(text).toMatch(/IAKERB-HEADER:\n +targetRealm: A\.TEST\n +AP-REQ:\n/);
    }
  });

  it('negotiates: an offer of an acceptor, and the MIC over an offer', () => {
    const hint = { hintName: 'not_defined_in_RFC4178@please_ignore' };
    const offer = encodeNegTokenInit2({ mechTypes: [KRB5], negHints: hint });
    expect(inspected(offer)).toContain('mechTypes: Kerberos 5 (1.2.840.113554.1.2.2)\n');
    expect(inspected(offer)).toContain('negHints: "not_defined_in_RFC4178@please_ignore"\n');
    const context = { key: sessionKey, side: 'acceptor', acceptorSubkey: false, dceStyle: false } as const;
    const mechListMIC = new CfxTokens(context).mic(message, 0n);
    expect(inspected(NegotiationResponse.encode({ negState: 0, mechListMIC }))).toMatch(
      /negState: accept-completed \(0\)\n {2}mechListMIC:\n {4}MIC token:\n/,
    );
  });

  const message = Uint8Array.of(0x30, 0);
});

describe('a replay cache', () => {
  const file = join(folder, 'replay');

  it('is one by where its records stand, and shows when authenticators came', () => {
    const cache = fileReplayCache(file);
    const tags = Array.from({ length: 40 }, (_, i) => Buffer.alloc(12, i + 1));
    for (const tag of tags) cache.check(tag, NOW, NOW);
    const text = inspected(readFileSync(file));
    expect(text).toContain('replay cache:\n  format: file2\n  records: 40\n');
    for (const tag of tags) expect(text).toContain(`2026-03-01T12:00:00Z: ${tag.toString('hex')}\n`);
  });

  it('is none where one of them stands elsewhere', () => {
    const bytes = readFileSync(file);
    // Another seed places them elsewhere.
    bytes[3]! ^= 0xff;
    expect(() => inspected(bytes)).toThrow(KerberosError);
  });
});

it('answers any bytes that begin like these with a tree or an error of ours, and soon', () => {
  const starts = ['0404', '0504', '05040fff', '60', '0000', 'a0', '30', '7e', '6e'];
  const blob = fc
    .tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }))
    .map(([start, rest]) => Buffer.concat([Buffer.from(start, 'hex'), rest]));
  const { certificate, privateKey } = certify('alice');
  const signed = signData(ID_PKINIT_AUTH_DATA, Uint8Array.of(0x30, 0), {
    certificate,
    privateKey,
    chain: [],
  });
  const valid = [
    withPadata({ padataType: 16, padataValue: PaPkAsReq.encode({ signedAuthPack: signed }) }),
    new Rfc1964Tokens({ key: randomKey(23), side: 'initiator', acceptorSubkey: false, dceStyle: false }).wrap(
      signed,
      true,
      0n,
    ),
    readFileSync(join(folder, 'replay')),
    explicit(0, KdcProxyMessage).encode({ kerbMessage: signed }),
  ];
  const damaged = fc
    .tuple(fc.constantFrom(...valid), fc.nat(), fc.nat({ max: 255 }))
    .map(([bytes, at, octet]) => Uint8Array.from(bytes).with(at % bytes.length, octet));
  fc.assert(
    fc.property(fc.oneof(blob, damaged), bytes => {
      try {
        inspected(bytes, { keys: [sessionKey] });
      } catch (error) {
        if (!(error instanceof KerberosError)) throw error;
      }
    }),
  );
});
