import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import type { Command } from '../../src/cli/command.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import type { KeytabEntry } from '../../src/keytab/keytab.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';

let kdc: RunningKdc;
let home: string;
let cc: string;

beforeAll(async () => {
  kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    services: ['host/server', { name: 'http/server', kvno: 7 }],
  });
});
afterAll(() => kdc?.close());
beforeEach(async () => {
  home = scratch();
  cc = join(home, 'cc');
  writeFileSync(join(home, 'krb5.conf'), kdc.krb5Conf());
  writeKeytab('kt', kdc.keytab('host/server'));
  expect((await run('alice', kinit, 'alicepw\n')).status).toBe(0);
});

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(line: string, command: Command = kvno, stdin = ''): Promise<Outcome> {
  const env = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${cc}` };
  const io = captureIo({ env, uid: process.geteuid?.(), stdin });
  const argv = line
    .split(' ')
    .filter(word => word !== '')
    .map(word => word.replace('~', home));
  const status = await runCommand(command, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

function writeKeytab(name: string, entries: readonly KeytabEntry[]): void {
  writeFileSync(join(home, name), KeytabFile.encode(entries));
}

function servers(path = cc): readonly string[] {
  const { credentials } = CcacheFile.decode(readFileSync(path));
  return credentials.map(({ server }) => formatPrincipal(server)).filter(name => name.endsWith('@A.TEST'));
}

const HOST = 'host/server@A.TEST';
const TGS = 'krbtgt/A.TEST@A.TEST';

describe('kvno', () => {
  it('prints the key version of each service, and keeps the tickets', async () => {
    expect(await run('host/server http/server')).toEqual({
      status: 0,
      stdout: `${HOST}: kvno = 1\nhttp/server@A.TEST: kvno = 7\n`,
      stderr: '',
    });
    expect(servers()).toEqual([TGS, HOST, 'http/server@A.TEST']);
  });

  it('goes on after a service that nobody knows, and ends with status 1', async () => {
    expect(await run('nope/x host/server')).toEqual({
      status: 1,
      stdout: `${HOST}: kvno = 1\n`,
      stderr:
        'kvno: Server nope/x@A.TEST not found in Kerberos database while getting credentials for nope/x@A.TEST\n',
    });
  });

  it('prints nothing with -q but what goes wrong', async () => {
    expect(await run('-q host/server')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await run('-q nope/x')).stderr).toContain('not found in Kerberos database');
  });

  it('takes operands for host names with -S', async () => {
    expect((await run('-S host server')).stdout).toBe('host/server@: kvno = 1\n');
    expect(await run('-S host server --cached-only')).toMatchObject({ status: 0 });
  });

  it('gives short host names the domain of the profile', async () => {
    const conf = `[libdefaults]\nqualify_shortname = lab.test\ndns_canonicalize_hostname = no\n${kdc.krb5Conf()}`;
    writeFileSync(join(home, 'krb5.conf'), conf);
    expect((await run('-S host one')).stderr).toContain('getting credentials for host/one.lab.test@');
    expect((await run('-S host one.other')).stderr).toContain('getting credentials for host/one.other@');
  });

  it('asks no KDC with --cached-only', async () => {
    expect(await run('--cached-only host/server')).toEqual({
      status: 1,
      stdout: '',
      stderr: `kvno: Matching credential not found (filename: ${cc}) while getting credentials for ${HOST}\n`,
    });
    await run('host/server');
    expect((await run('--cached-only host/server')).status).toBe(0);
  });

  it('keeps nothing with --no-store', async () => {
    expect((await run('--no-store host/server')).status).toBe(0);
    expect(servers()).toEqual([TGS]);
  });

  it('fills another cache with --out-cache, or makes none where anything fails', async () => {
    expect((await run('--out-cache ~/out host/server')).status).toBe(0);
    expect(servers(join(home, 'out'))).toEqual([HOST]);
    expect(servers()).toEqual([TGS]);
    expect((await run('--out-cache ~/none host/server nope/x')).status).toBe(1);
    expect(existsSync(join(home, 'none'))).toBe(false);
  });

  it('asks for a session key of the enctype that -e names', async () => {
    expect((await run('-e aes128-cts host/server')).status).toBe(0);
    const { credentials } = CcacheFile.decode(readFileSync(cc));
    expect(credentials.at(-1)?.key.keytype).toBe(17);
    expect((await run('-e rc4-hmac host/server')).stderr).toMatch(
      /^kvno: warning: arcfour-hmac can be broken: use AES instead\n/,
    );
    expect(await run('-e bogus host/server')).toMatchObject({
      status: 1,
      stderr: 'kvno: Invalid argument while converting etype\n',
    });
  });

  it('wants an operand', async () => {
    const { status, stderr } = await run('');
    expect([status, stderr.startsWith('usage: kvno [-c ccache]')]).toEqual([1, true]);
    const both = await run('-u -S host x');
    expect([both.status, both.stderr.split('\n')[0]]).toEqual([
      1,
      'Options -u and -S are mutually exclusive',
    ]);
  });

  it('needs a cache, and a ticket in it that is not over', async () => {
    expect((await run('-c ~/none host/server')).stderr).toBe(
      `kvno: No credentials cache found (filename: ${home}/none) while getting client principal name\n`,
    );
    const { principal, credentials } = CcacheFile.decode(readFileSync(cc));
    const over = credentials.map(credential => ({ ...credential, endtime: new Date(Date.now() - 1000) }));
    writeFileSync(cc, CcacheFile.encode({ principal, credentials: over }));
    expect((await run('host/server')).stderr).toBe(
      `kvno: Ticket expired while getting credentials for ${HOST}\n`,
    );
  });
});

describe('kvno -k', () => {
  it('finds the keytab good that opens the ticket, whatever its key version', async () => {
    const good = { status: 0, stdout: `${HOST}: kvno = 1, keytab entry valid\n`, stderr: '' };
    expect(await run('-k ~/kt host/server')).toEqual(good);
    writeKeytab(
      'kt',
      kdc.keytab('host/server').map(entry => ({ ...entry, kvno: 9 })),
    );
    expect(await run('-k ~/kt host/server')).toEqual(good);
    expect(await run('-q -k ~/kt host/server')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.each([
    [
      'of another service',
      () => writeKeytab('kt', kdc.keytab('http/server')),
      'No key of the keytab opens the ticket',
    ],
    ['without entries', () => writeKeytab('kt', []), 'No key of the keytab opens the ticket'],
    [
      'that is none',
      () => writeFileSync(join(home, 'kt'), 'nonsense'),
      'Unsupported key table format version number',
    ],
  ])('finds the keytab bad %s, and keeps stdout clean', async (_, spoil, sentence) => {
    spoil();
    expect(await run('-k ~/kt host/server')).toEqual({
      status: 1,
      stdout: '',
      stderr: `${HOST}: kvno = 1, keytab entry invalid\nkvno: ${sentence} while decrypting ticket for ${HOST}\n`,
    });
  });
});

describe('kvno in the name of others', () => {
  beforeEach(async () => {
    expect((await run('-k -t ~/kt host/server', kinit)).status).toBe(0);
  });

  it.each([
    ['-P x', 'Option -P (constrained delegation) requires option -I|-U|-F (protocol transition)'],
    ['--u2u ~/cc -I alice x', 'Options --u2u and -I|-U|-F are mutually exclusive'],
    ['--u2u ~/cc -F ~/kt x', 'Options --u2u and -I|-U|-F are mutually exclusive'],
  ])('%s is refused', async (line, complaint) => {
    const { status, stderr } = await run(line);
    expect([status, stderr.split('\n').slice(0, 2)]).toEqual([
      1,
      [complaint, 'usage: kvno [-c ccache] [-e etype] [-k keytab] [-q] [-u | -S sname]'],
    ]);
  });

  it('gets tickets for the own principal alone, and goes on after others', async () => {
    expect(await run('-I alice http/server host/server')).toEqual({
      status: 1,
      stdout: `${HOST}: kvno = 1\n`,
      stderr: 'kvno: Invalid argument client and server principal names must match\n',
    });
    expect(servers()).toEqual([TGS, HOST]);
  });

  it.each([
    ['', 'No begin line not found'],
    ['-----BEGIN CERTIFICATE-----\nMAA=\n', 'No end line found'],
    ['-----BEGIN CERTIFICATE-----\nA: b\n-----END CERTIFICATE-----\n', 'Unexpected header line'],
    ['-----BEGIN CERTIFICATE-----\nMAA\n-----END CERTIFICATE-----\n', 'Invalid base64'],
  ])('needs a certificate: %j is none', async (pem, complaint) => {
    writeFileSync(join(home, 'pem'), pem);
    expect(await run('-F ~/pem host/server')).toEqual({
      status: 1,
      stdout: '',
      stderr: `kvno: ${complaint} while reading certificate file ${home}/pem\n`,
    });
  });
});

describe('kvno -k in the name of another', () => {
  it('looks into the ticket, whatever the cache says of it', async () => {
    expect((await run('-k -t ~/kt host/server', kinit)).status).toBe(0);
    expect((await run('host/server')).status).toBe(0);
    const { principal, credentials } = CcacheFile.decode(readFileSync(cc));
    const client = parsePrincipal('alice@A.TEST');
    const relabelled = credentials.map(credential => ({ ...credential, client }));
    writeFileSync(cc, CcacheFile.encode({ principal, credentials: relabelled }));
    expect((await run('-I alice host/server')).status).toBe(0);
    expect(await run('-I alice -k ~/kt host/server')).toEqual({
      status: 1,
      stdout: '',
      stderr: `kvno: The ticket is for another client than the KDC said while decrypting ticket for ${HOST}\n`,
    });
  });
});

describe('kvno --u2u', () => {
  it('gets a ticket that the keytab does not open', async () => {
    expect((await run('-c ~/peer -k -t ~/kt host/server', kinit)).status).toBe(0);
    const done = { status: 0, stdout: `${HOST}: kvno = 0\n`, stderr: '' };
    expect(await run('--u2u ~/peer host/server')).toEqual(done);
    expect(await run('--cached-only --u2u ~/peer host/server')).toEqual(done);
    expect((await run('--u2u ~/peer -k ~/kt host/server')).stderr).toContain(
      `${HOST}: kvno = 0, keytab entry invalid\n`,
    );
  });

  it('needs a cache of the peer’s', async () => {
    expect((await run('--u2u ~/none host/server')).stderr).toBe(
      `kvno: No credentials cache found (filename: ${home}/none) while getting user-to-user ticket from ${home}/none\n`,
    );
  });
});
