import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { inspectBytes } from '../../src/cli/inspect/formats.ts';
import { InspectKeys } from '../../src/cli/inspect/keys.ts';
import { inspect } from '../../src/cli/inspect.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { bytesToHex } from '../../src/codec/text.ts';
import { importKey, randomKey } from '../../src/crypto/key.ts';
import { KerberosError } from '../../src/errors.ts';
import { InitialToken } from '../../src/gss/spnego/messages.ts';
import { ApReq, Authenticator } from '../../src/messages/ap.ts';
import { AD_IF_RELEVANT, AD_WIN2K_PAC } from '../../src/messages/authorization.ts';
import { encodeKrbCred } from '../../src/messages/krb-cred.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { toPrincipalName } from '../../src/messages/principal.ts';
import { seal, toKey } from '../../src/messages/seal.ts';
import { AuthorizationData } from '../../src/messages/types.ts';
import { alice, keytab, makeCredential, NOW, sample, serviceKey } from '../ap/made-up.ts';
import { scratch } from '../ccache/samples.ts';
import { createTestRealm } from '../client/realm.ts';
import { captureIo } from '../support/io.ts';
import { certify } from '../support/pki.ts';
import { PASSWORD } from '../support/scripted-kdc.ts';
import { writeCache, writeKeytab } from './caches.ts';

let home: string;
beforeEach(() => {
  home = scratch();
});

function writeKey(key: string): string {
  const file = join(home, 'keys');
  writeFileSync(file, `${key}\n`);
  return file;
}

async function run(bytes: Uint8Array | string, argv: readonly string[] = [], stdin = '') {
  const file = join(home, 'blob');
  writeFileSync(file, bytes);
  const io = captureIo({ stdin });
  const status = await runCommand(inspect, [file, ...argv], io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

const credential = makeCredential();
const sessionKey = bytesToHex(credential.key.keyvalue);

function apReq(): Uint8Array {
  const authenticator = {
    crealm: alice.realm,
    cname: toPrincipalName(alice),
    cusec: 7,
    ctime: new Date('2026-03-01T12:00:00Z'),
    seqNumber: 4711,
  };
  return ApReq.encode({
    apOptions: 0x20000000,
    ticket: credential.ticket,
    authenticator: seal(Authenticator, authenticator, toKey(credential.key), 11),
  });
}

/** A dump with offsets and text, of sixteen bytes on a line. */
function dump(bytes: Uint8Array, { group = 1, colon = ':', half = '' }): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.subarray(at, at + 16);
    const pairs = Array.from(part, (byte, i) => {
      const gap = (i + 1) % group === 0 ? ' ' : '';
      return byte.toString(16).padStart(2, '0') + gap + (i === 7 ? half : '');
    });
    const text = Array.from(part, byte => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(`${at.toString(16).padStart(8, '0')}${colon} ${pairs.join('').padEnd(50)} ${text.join('')}`);
  }
  return `${lines.join('\n')}\n`;
}

describe('shows', () => {
  it('a cache, whose keys are hidden', async () => {
    const { status, stdout } = await run(readFileSync(writeCache(home, [credential], alice)));
    expect(status).toBe(0);
    expect(stdout).toContain('principal: alice@A.TEST, NT-PRINCIPAL (1)\n');
    expect(stdout).toContain('server: sample/localhost@A.TEST');
    expect(stdout).toContain('key: aes256-cts-hmac-sha1-96 (18) (32 bytes, hidden)\n');
    expect(stdout).toContain('encPart: aes256-cts-hmac-sha1-96 (18), kvno 3, ');
    expect(stdout).not.toContain(sessionKey);
  });

  it('a cache by the name that klist has for it, or out of a pipe', async () => {
    const cache = writeCache(home, [credential], alice);
    const named = captureIo({});
    expect(await runCommand(inspect, [cache.startsWith('FILE:') ? cache : `FILE:${cache}`], named)).toBe(0);
    const pipe = join(home, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Opened for both, it has a writer already.
    const writer = openSync(pipe, 'r+');
    writeSync(writer, readFileSync(cache.replace(/^FILE:/, '')));
    const piped = captureIo({});
    const ended = runCommand(inspect, [pipe], piped);
    await new Promise(resolve => setTimeout(resolve, 50));
    closeSync(writer);
    expect(await ended).toBe(0);
    expect(piped.stdout).toBe(named.stdout);
  });

  it('keys where that is wanted', async () => {
    const cache = readFileSync(writeCache(home, [credential], alice));
    expect((await run(cache, ['--show-keys'])).stdout).toContain(sessionKey);
  });

  it('a keytab', async () => {
    const { stdout } = await run(readFileSync(writeKeytab(home, keytab)));
    expect(stdout).toContain('version: 5.2\n');
    expect(stdout).toContain('principal: sample/localhost@A.TEST');
    expect(stdout).toContain('kvno: 3\n');
    expect(stdout).not.toContain(bytesToHex(serviceKey.bytes));
  });

  it('a kirbi with what is in it in clear, but for the keys', async () => {
    const { stdout } = await run(encodeKrbCred([credential]));
    expect(stdout).toMatch(/^KRB-CRED:\n/);
    expect(stdout).toContain('in clear\n');
    expect(stdout).toContain('pname: alice, NT-PRINCIPAL (1)\n');
    expect(stdout).not.toContain(sessionKey);
  });

  it('an error by its name', async () => {
    const error = KrbError.encode({
      stime: NOW,
      susec: 0,
      errorCode: 37,
      realm: 'A.TEST',
      sname: toPrincipalName(sample),
      eText: 'late\u001b[31m',
    });
    const { stdout } = await run(error);
    expect(stdout).toContain('errorCode: KRB_AP_ERR_SKEW (37)\n');
    expect(stdout).toContain('eText: late?[31m\n');
  });

  it.each([
    ['in base64', (token: Uint8Array) => Buffer.from(token).toString('base64')],
    [
      'in a header',
      (token: Uint8Array) => `Authorization: Negotiate ${Buffer.from(token).toString('base64')}\n`,
    ],
    ['in hexadecimal', (token: Uint8Array) => bytesToHex(token)],
    ['in a dump of xxd', (token: Uint8Array) => dump(token, { group: 2 })],
    ['in a dump of hexdump', (token: Uint8Array) => dump(token, { colon: '', half: ' ' })],
    ['in a dump of Java', (token: Uint8Array) => dump(token, { half: '  ' }).toUpperCase()],
    ['in hexadecimal with colons', (token: Uint8Array) => bytesToHex(token).replace(/(..)(?=.)/g, '$1:')],
    [
      'in a request of HTTP',
      (token: Uint8Array) =>
        `GET / HTTP/1.1\r\nHost: www\r\nauthorization: Negotiate ${Buffer.from(token).toString('base64')}\r\n\r\n`,
    ],
    [
      'in what curl -v tells',
      (token: Uint8Array) =>
        `< WWW-Authenticate: Negotiate\n> authorization: Negotiate ${Buffer.from(token).toString('base64')}\n> accept: */*\n`,
    ],
    ['as it is', (token: Uint8Array) => token],
  ])('a token %s', async (_, written) => {
    const message = apReq();
    const mechanism = '1.2.840.113554.1.2.2';
    const token = InitialToken.encode({ mechanism, token: Buffer.concat([Uint8Array.of(1, 0), message]) });
    const { stdout } = await run(written(token));
    expect(stdout).toContain(
      'mechanism: Kerberos 5 (1.2.840.113554.1.2.2)\n  tokenId: KRB_AP_REQ (0x0100)\n',
    );
    expect(stdout).toContain('apOptions: mutual-required (0x20000000)\n');
  });

  it('a message in base64, which begins like another message', async () => {
    // b is 0x62, the tag of an Authenticator.
    const text = Buffer.from(apReq()).toString('base64');
    expect(text[0]).toBe('b');
    expect((await run(text)).stdout).toMatch(/^AP-REQ:\n/);
    expect((await run(`authorization: Negotiate ${text}`)).stdout).toMatch(/^AP-REQ:\n/);
  });

  it('all tokens in the headers of a dialogue', async () => {
    const text = Buffer.from(apReq()).toString('base64');
    const { stdout } = await run(
      `> Authorization: Negotiate ${text}\n< WWW-Authenticate: Negotiate ${text}\n`,
    );
    expect(stdout.match(/^AP-REQ:$/gm)).toHaveLength(2);
  });

  it('a message with the length that TCP puts before it', async () => {
    const message = apReq();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    expect((await run(Buffer.concat([length, message]))).stdout).toMatch(/^AP-REQ:\n/);
  });

  it('that a token is one of NTLM', async () => {
    const { stdout } = await run(`Negotiate ${Buffer.from('NTLMSSP\0\u0001\0\0\0').toString('base64')}`);
    expect(stdout).toMatch(/^NTLM: not Kerberos/);
  });

  it('the same as JSON', async () => {
    const { stdout } = await run(apReq(), ['--json']);
    const [root] = JSON.parse(stdout).nodes;
    expect(root.name).toBe('AP-REQ');
    expect(root.children[0]).toEqual({ name: 'apOptions', value: 'mutual-required (0x20000000)' });
  });
});

describe('opens', () => {
  it('a request by a keytab, and the authenticator by the key in the ticket', async () => {
    const { stdout } = await run(apReq(), ['-t', writeKeytab(home, keytab)]);
    expect(stdout).toContain("opened by the keytab's key of sample/localhost@A.TEST, kvno 3\n");
    expect(stdout).toContain('seqNumber: 4711\n');
    expect(stdout).not.toContain(sessionKey);
  });

  it('the same by a key', async () => {
    const key = `aes256-cts:${bytesToHex(serviceKey.bytes)}`;
    expect((await run(apReq(), ['--keys', writeKey(key)])).stdout).toContain('seqNumber: 4711\n');
  });

  it('nothing by another key, and says so', async () => {
    const key = `18:${bytesToHex(randomKey(18).bytes)}`;
    const { status, stdout, stderr } = await run(apReq(), ['--keys', writeKey(key)]);
    expect([status, stderr]).toEqual([
      0,
      'krb5kit inspect: nothing could be decrypted with the given keys\n',
    ]);
    expect(stdout).not.toContain('opened');
    expect((await run(apReq(), ['--keys', writeKey(`18:${sessionKey}`)])).stderr).toBe('');
  });

  it("an answer of the KDC by the client's password", async () => {
    const realm = createTestRealm();
    const replies: Uint8Array[] = [];
    await realm.login({
      transport: async (to, request, signal) => {
        const reply = await realm.transport(to, request, signal);
        replies.push(reply);
        return reply;
      },
    });
    const { stdout } = await run(replies.at(-1)!, ['--password'], `${PASSWORD}\n`);
    expect(stdout).toContain('AS-REP:\n');
    expect(stdout).toContain('opened by the password\n');
    expect(stdout).toMatch(/sname: krbtgt\/A\.TEST, NT-SRV-INST \(2\)\n/);
    const first = await run(replies[0]!);
    expect(first.stdout).toContain('errorCode: KDC_ERR_PREAUTH_REQUIRED (25)\n');
    expect(first.stdout).toContain('PA-ETYPE-INFO2 (19):\n');
  });

  it('a PAC', async () => {
    const vector = JSON.parse(readFileSync(new URL('../vectors/pac.json', import.meta.url), 'utf8'));
    const pac = AuthorizationData.encode([
      { adType: AD_WIN2K_PAC, adData: Buffer.from(vector.pac, 'base64') },
    ]);
    const key = importKey(18, serviceKey.bytes);
    const { ticket } = makeCredential({
      key,
      part: { authorizationData: [{ adType: AD_IF_RELEVANT, adData: pac }] },
    });
    const { stdout } = await run(ticket, ['-t', writeKeytab(home, keytab)]);
    expect(stdout).toContain('AD-WIN2K-PAC (128):\n');
    expect(stdout).toContain('SERVER_CHECKSUM (6): hmac-sha1-96-aes256 (16) ');
    expect(stdout).toContain('effectiveName: alice\n');
    expect(stdout).toContain('upn: alice@corp.example\n');
    expect(stdout).toContain('userAccountControl: normal-account (0x00000010)\n');
    expect(stdout).toContain('primaryGroupId: Domain Users (513)\n');
    expect(stdout).toMatch(/ sid: S-1-5-21-[-\d]+-513 \(Domain Users\)\n/);
    expect(stdout).toContain('attributes: enabled, enabled-by-default, mandatory (0x00000007)\n');
  });
});

describe('fails for', () => {
  it.each([
    ['what is nothing of Kerberos', 'hello, world'],
    ['an empty file', ''],
    ['a message that is cut short', apReq().subarray(0, 40)],
  ])('%s', async (_, bytes) => {
    const { status, stdout, stderr } = await run(bytes);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^krb5kit inspect: .* while inspecting /);
  });

  it('a file that is not there', async () => {
    const io = captureIo();
    expect(await runCommand(inspect, [join(home, 'none')], io)).toBe(1);
    expect(io.stderr).toMatch(/No such file or directory while reading /);
  });

  it.each([['18'], ['18:zz'], ['18:00'], ['nothing:00']])('the key %s', async key => {
    expect((await run(apReq(), ['--keys', writeKey(key)])).status).toBe(2);
  });
});

it('answers any bytes with a tree or an error of ours', () => {
  const starts = [0x60, 0x61, 0x6a, 0x6e, 0x76, 0x7e, 0xa0, 0xa1, 0x30, 5];
  const blob = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }));
  const valid = [apReq(), encodeKrbCred([credential])];
  const damaged = fc
    .tuple(fc.constantFrom(...valid), fc.nat(), fc.nat({ max: 255 }))
    .map(([bytes, at, octet]) => bytes.with(at % bytes.length, octet));
  const any = fc.oneof(
    blob.map(([first, rest]) => Uint8Array.of(first, ...rest)),
    damaged,
  );
  fc.assert(
    fc.property(any, bytes => {
      try {
        inspectBytes(bytes, { keys: new InspectKeys(), showKeys: false, left: 1000 });
      } catch (error) {
        if (!(error instanceof KerberosError)) throw error;
      }
    }),
  );
});

it('ends what goes on for ever', () => {
  let data: Uint8Array = Uint8Array.of(1);
  for (let i = 0; i < 200; i++) data = AuthorizationData.encode([{ adType: AD_IF_RELEVANT, adData: data }]);
  const { ticket } = makeCredential({
    part: { authorizationData: [{ adType: AD_IF_RELEVANT, adData: data }] },
  });
  const keys = new InspectKeys({ keytab });
  const nodes = inspectBytes(ticket, { keys, showKeys: false, left: 100_000 });
  expect(JSON.stringify(nodes)).toContain('there is too much of it');
});

describe('without a file', () => {
  const inspectAlone = async (argv: readonly string[], stdinIsTerminal: boolean) => {
    const io = captureIo({ stdin: '6b00', stdinIsTerminal });
    await runCommand(inspect, argv, io);
    return io.stderr;
  };

  it('says at a terminal what it waits for', async () => {
    expect(await inspectAlone([], true)).toMatch(/type or paste a token or message, .* Ctrl-D/);
    for (const [argv, isTerminal] of [
      [[], false],
      [['-'], true],
      [['--quiet'], true],
    ] as const) {
      expect(await inspectAlone(argv, isTerminal)).not.toContain('Ctrl-D');
    }
  });

  it('tells how to make one of a cache elsewhere', async () => {
    expect(await inspectAlone(['KEYCHAIN:'], true)).toMatch(
      /KEYCHAIN: is not a file; krb5kit cache copy KEYCHAIN: FILE:copy makes one\n/,
    );
  });
});

it.each([
  ['a certificate', certify('CA', { ca: true }).pem.certificate],
  ['text that might be base64', 'hello world'],
])('says that %s is nothing that it knows', async (_, text) => {
  const io = captureIo({ stdin: text });
  expect(await runCommand(inspect, ['-'], io)).toBe(1);
  expect(io.stderr).toBe(
    'krb5kit inspect: not a Kerberos cache, keytab, token or message, nor one in base64 or hexadecimal while inspecting the standard input\n',
  );
});
