import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { kpasswd } from '../../src/cli/kpasswd.ts';
import { ktutil } from '../../src/cli/ktutil.ts';
import { present } from '../../src/cli/present.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';
import { createPki, type Pki } from '../support/realm-pki.ts';
import { writeKeytab } from './caches.ts';

let pki: Pki;
/** Without PKINIT, and with it. */
let plain: RunningKdc;
let kdc: RunningKdc;
const log: string[] = [];
let home: string;

beforeAll(async () => {
  const users = [{ name: 'alice', password: 'alicepw' }];
  pki = createPki('A.TEST');
  plain = await startKdc({ realm: 'A.TEST', users });
  kdc = await startKdc({
    realm: 'A.TEST',
    users,
    services: ['WELLKNOWN/ANONYMOUS', 'kadmin/changepw'],
    pkinit: pki.options,
    log: line => log.push(line),
  });
});
afterAll(async () => {
  await plain?.close();
  await kdc?.close();
  pki?.remove();
});
beforeEach(() => {
  home = scratch();
  log.length = 0;
});

interface Surroundings {
  readonly command?: Command;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

async function run(
  words: readonly string[],
  conf: string,
  { command = kinit, stdin = 'alicepw\n', ...more }: Surroundings = {},
) {
  writeFileSync(join(home, 'krb5.conf'), conf);
  const own = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: `FILE:${join(home, 'cc')}` };
  const env = { ...own, ...more.env };
  const io = captureIo({ env, stdin });
  return { status: await runCommand(command, words, io), io };
}

const auto = (conf: string): string => conf.replace(/^\s*kdc = /m, 'auto_fast_armor = true\n$&');
const withAnchors = (conf: string): string =>
  conf.replace(/^\s*kdc = /m, `pkinit_anchors = ${pki.anchors}\n$&`);
const anonymously = (): number =>
  log.filter(line => line.includes('ISSUE') && line.includes('WELLKNOWN/ANONYMOUS')).length;

const FAILED = 'Client not found in Kerberos database while getting an anonymous ticket for the armor\n';

it('no password is sent without the anonymous armor that an option or krb5.conf wants', async () => {
  const conf = plain.krb5Conf();
  for (const { status, io } of [
    await run(['--anonymous-armor', 'alice'], conf),
    await run(['--pk-anon-fast-armor', 'alice'], conf),
    await run(['alice'], auto(conf)),
  ]) {
    expect([status, io.stdout, io.stderr]).toEqual([1, '', `kinit: ${FAILED}`]);
  }
  const { status, io } = await run(['alice'], auto(conf), { command: kpasswd });
  expect([status, io.stdout, io.stderr]).toEqual([1, '', `kpasswd: ${FAILED}`]);
});

it('the KDC gives an anonymous ticket for it', async () => {
  const conf = withAnchors(kdc.krb5Conf());
  expect(await run(['alice'], conf)).toMatchObject({ status: 0 });
  expect(anonymously()).toBe(0);
  expect(await run(['--anonymous-armor', 'alice'], conf)).toMatchObject({ status: 0 });
  expect(await run(['alice'], auto(conf))).toMatchObject({ status: 0 });
  expect(anonymously()).toBe(2);
});

it('the anchors may be those of the command line', async () => {
  const anchors = ['-X', `X509_anchors=${pki.anchors}`];
  const { status, io } = await run(['--anonymous-armor', ...anchors, 'alice'], kdc.krb5Conf());
  expect([status, io.stderr]).toEqual([0, '']);
  expect((await run(['--anonymous-armor', 'alice'], kdc.krb5Conf())).status).toBe(1);
});

it('kpasswd has the same armor', async () => {
  const conf = auto(withAnchors(kdc.krb5Conf()));
  const stdin = 'alicepw\nalicepw2\nalicepw2\n';
  const { io } = await run(['alice'], conf, { command: kpasswd, stdin });
  // This KDC has no password server, so it ends there.
  expect(io.stdout).toContain('Enter it again: ');
  expect(io.stderr).toMatch(/ changing password\n$/);
  expect(anonymously()).toBe(1);
});

it('logins by a keytab have the same armor', async () => {
  const keytab = writeKeytab(home, kdc.keytab('alice'));
  const env = { KRB5_CLIENT_KTNAME: keytab };
  for (const [command, words] of [
    [ktutil, ['verify', '-k', keytab]],
    [present, ['sample@localhost', '-p', '1']],
    [present, ['--gss', 'sample@localhost', '-p', '1']],
  ] as const) {
    const refused = await run(words, auto(plain.krb5Conf()), { command, env });
    expect(refused.io.output).toMatch(/Client .*not found in Kerberos database/);
    const { io } = await run(words, auto(withAnchors(kdc.krb5Conf())), { command, env });
    expect(io.output).not.toContain('armor');
    expect(anonymously()).toBeGreaterThan(0);
    log.length = 0;
    rmSync(join(home, 'cc'), { force: true });
  }
});

it('the realm of the login decides, not the default realm', async () => {
  const env = { KRB5_CLIENT_KTNAME: writeKeytab(home, kdc.keytab('alice')) };
  const conf = withAnchors(kdc.krb5Conf()).replace('default_realm = A.TEST', 'default_realm = B.TEST');
  expect(conf).toContain('B.TEST');
  const presenting = (text: string) => run(['sample@localhost', '-p', '1'], text, { command: present, env });
  await presenting(`${conf}\n[realms]\n B.TEST = {\n auto_fast_armor = true\n }\n`);
  expect(log.filter(line => line.includes('ISSUE'))).not.toEqual([]);
  expect(anonymously()).toBe(0);
  rmSync(join(home, 'cc'), { force: true });
  await presenting(auto(conf));
  expect(anonymously()).toBe(1);
});

it('there is one armor', async () => {
  const { status, io } = await run(['-T', 'FILE:armor', '--anonymous-armor', 'alice'], plain.krb5Conf());
  expect([status, io.stdout]).toEqual([2, '']);
  expect(io.stderr).toMatch(/^Only one of -T and --anonymous-armor allowed\nUsage: kinit /);
});

it('the cache that -T names goes before auto_fast_armor', async () => {
  const armor = `FILE:${join(home, 'armor')}`;
  expect((await run(['-c', armor, 'alice'], plain.krb5Conf())).status).toBe(0);
  const { status, io } = await run(['-T', armor, 'alice'], auto(plain.krb5Conf()));
  expect([status, io.stderr]).toEqual([0, '']);
});
