import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configEntry } from '../../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../../src/ccache/file/format.ts';
import { KeytabFile } from '../../../src/keytab/file-format.ts';
import type { Credential } from '../../../src/messages/credential.ts';
import { parsePrincipal } from '../../../src/messages/principal.ts';
import { alice } from '../../ccache/tickets.ts';
import { ticketFor } from '../../cli/caches.ts';
import type { World } from '../../support/differential.ts';
import { type MitKdc, startMitKdc } from '../../support/mit-kdc.ts';

/** What the cases run against. */
export interface Lab {
  readonly kdc: MitKdc;
  /** Files only. */
  readonly files: World;
  stop(): Promise<void>;
}

const HOUR = 3_600_000;

/** A realm, another of its name whose KDC offers SPAKE, and a directory with caches and keytabs of many kinds. */
export async function startLab(): Promise<Lab> {
  const kdc = await startMitKdc({
    passwordServer: true,
    principals: [
      'addprinc -pw bobpw bob',
      'addpol -minlength 8 -minclasses 2 strict',
      'addprinc -pw strictPW1 -policy strict strict',
      'addprinc -pw soonpw -pwexpire "70 hours" soon',
      'addprinc -pw needpw +needchange need',
      'addprinc -pw hardwarepw +requires_hwauth hardware',
      'addprinc -pw rc4pw -e arcfour-hmac:normal rc4user',
    ],
  });
  const spake = await startMitKdc({ libdefaults: ['spake_preauth_groups = edwards25519'] });
  const home = mkdtempSync(join(tmpdir(), 'krb5kit-differential-'));
  const template = join(home, 'template');
  mkdirSync(template);
  await fill(template, kdc);
  cpSync(spake.krb5Conf, join(template, 'spake.conf'));
  const env = {
    PATH: kdc.env.PATH!,
    LC_ALL: 'C',
    TZ: 'UTC',
    HOME: '$D',
    KRB5KIT_HOME: '$D/krb5kit',
    KRB5_CONFIG: '$D/krb5.conf',
    KRB5CCNAME: 'FILE:$D/cc',
    KRB5_KTNAME: 'FILE:$D/service.keytab',
    KRB5_CLIENT_KTNAME: 'FILE:$D/client.keytab',
  };
  return {
    kdc,
    files: { template, env },
    async stop() {
      await Promise.all([kdc.stop(), spake.stop()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function fill(directory: string, kdc: MitKdc): Promise<void> {
  const at = (name: string): string => join(directory, name);
  for (const [file, name] of [
    [kdc.krb5Conf, 'krb5.conf'],
    [kdc.keytab, 'service.keytab'],
    [kdc.clientKeytab, 'client.keytab'],
  ] as const) {
    cpSync(file, at(name));
  }
  async function login(cache: string, line: string, input: string, services: readonly string[] = []) {
    const { status, stderr } = await kdc.run('kinit', ['-c', cache, ...line.split(' ')], input);
    if (status !== 0) throw new Error(stderr);
    if (services.length > 0) await kdc.run('kvno', ['-c', cache, ...services]);
  }
  await login(at('cc'), '-f -r 7d alice', 'alicepw\n', ['host/localhost']);
  await login(at('bob.cc'), 'bob', 'bobpw\n');
  await login(at('expired.cc'), '-l -1 alice', 'alicepw\n');
  await login(at('postdated.cc'), '-s 1h alice', 'alicepw\n');
  await login(at('service.cc'), '-k -t '.concat(kdc.keytab, ' host/localhost'), '');
  mkdirSync(at('dir'));
  await login(`DIR::${at('dir')}/tkt`, 'bob', 'bobpw\n');
  await login(`DIR::${at('dir')}/tktalice`, 'alice', 'alicepw\n', ['host/localhost']);
  await login(`DIR::${at('dir')}/tktexpired`, '-l -1 nopreauth', 'nopre\n');
  mkdirSync(at('empty'));
  writeCaches(at);
  writeKeytabs(at);
  writeConfigs(at);
}

function writeCaches(at: (name: string) => string): void {
  const write = (name: string, credentials: readonly Credential[]): void =>
    writeFileSync(at(name), CcacheFile.encode({ principal: alice, credentials }), { mode: 0o600 });
  const now = Math.floor(Date.now() / 1000) * 1000;
  const times = { authtime: new Date(now), endtime: new Date(now + 10 * HOUR) };
  const over = { authtime: new Date(now - 2 * HOUR), endtime: new Date(now - HOUR) };
  const address = (addrType: number, ...bytes: number[]) => ({ addrType, address: Uint8Array.from(bytes) });
  write('foreign.cc', [ticketFor('krbtgt/B.TEST@B.TEST', times), ticketFor('host/b.test@B.TEST', times)]);
  write('none.cc', []);
  write('odd.cc', [
    configEntry(alice, 'fast_avail', parsePrincipal('krbtgt/A.TEST@A.TEST'), 'yes'),
    configEntry(alice, 'bytes', undefined, Uint8Array.from(Array(256).keys())),
    ticketFor('krbtgt/A.TEST@A.TEST', { ...times, renewTill: new Date(now + 100 * HOUR) }),
    ticketFor('krbtgt/A.TEST@A.TEST', over),
    ticketFor('host/x@A.TEST', { ...times, client: parsePrincipal('bob@A.TEST'), flags: 0xffffffff }),
    ticketFor('host/x@A.TEST', { ...times, ticketServer: 'krbtgt/B.TEST@A.TEST', etype: 23 }),
    ticketFor('host/x@A.TEST', { ...times, ticket: new Uint8Array(3) }),
    ticketFor('a b/c\\@d\\/e@A.TEST', { authtime: new Date(0), endtime: new Date(0xffffffff * 1000) }),
    ticketFor('host/x@A.TEST', {
      ...times,
      authorizationData: [1, -7, 128].map(adType => ({ adType, adData: new Uint8Array(4) })),
      addresses: [address(2, 192, 0, 2, 1), address(24, ...Array<number>(16).fill(9)), address(20, 1)],
    }),
  ]);
  const whole = readFileSync(at('cc'));
  writeFileSync(at('open.cc'), whole, { mode: 0o644 });
  writeFileSync(at('linked'), whole, { mode: 0o600 });
  symlinkSync('linked', at('link.cc'));
  const { credentials } = CcacheFile.decode(whole);
  write('mixed.cc', [...credentials, ticketFor('host/gone@A.TEST', over)]);
  write('torn.cc', [...credentials, ticketFor('host/x@A.TEST', { ...times, ticket: new Uint8Array(3) })]);
  writeFileSync(at('cut.cc'), whole.subarray(0, whole.length - 40), { mode: 0o600 });
  writeFileSync(at('stub.cc'), whole.subarray(0, 14));
  writeFileSync(at('version.cc'), Buffer.from([5, 9, ...whole.subarray(2)]));
  writeFileSync(at('junk'), 'junk');
  writeFileSync(at('nothing'), '');
}

function writeConfigs(at: (name: string) => string): void {
  const defaults = (...lines: readonly string[]): string => ['[libdefaults]', ...lines, ''].join('\n');
  const files = {
    other: defaults('  default_realm = OTHER.TEST', '  ticket_lifetime = 2h', '  forwardable = true'),
    mark: `\ufeff${defaults('  default_realm = A.TEST')}`,
    brace: '[realms]\n  A.TEST = {\n    kdc = 127.0.0.1\n',
    section: 'default_realm = A.TEST\n',
    relation: defaults('  default_realm'),
    include: 'include /nonexistent/file\n',
    ccache: defaults('  default_ccache_name = FILE:%{TEMP}/bob.cc'),
    unnamed: defaults(...['ccache', 'keytab', 'client_keytab'].map(what => `  default_${what}_name = ""`)),
    dir: defaults('  default_ccache_name = DIR:%{TEMP}/dir'),
    uid: defaults('  default_ccache_name = %{TEMP}/%{uid}-%{euid}-%{null}-%{USERID}-%{username}'),
    part: defaults(
      '  ticket_lifetime = 2h',
      '  A.TEST = {',
      '    ticket_lifetime = 1h',
      '    forwardable = no',
      '  }',
    ),
    bogus: defaults('  default_ccache_name = %{TEMP}/%{bogus}', '  default_keytab_name = %{bogus}'),
    keytab: defaults(
      '  default_ccache_name = %{TEMP}/cc',
      '  default_keytab_name = FILE:%{TEMP}/many.kt',
      '  default_client_keytab_name = %{TEMP}/client.keytab',
    ),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(at(`${name}.conf`), text);
}

function writeKeytabs(at: (name: string) => string): void {
  const timestamp = new Date('2026-11-22T12:00:00Z');
  const entries = [1, 2, 300, 99_999].flatMap(kvno =>
    [17, 18, 23, 99].map(keytype => ({
      principal: parsePrincipal(kvno === 2 ? 'host/x.test@A.TEST' : 'alice@A.TEST'),
      kvno,
      timestamp,
      key: { keytype, keyvalue: new Uint8Array(keytype === 18 ? 32 : 16).fill(kvno) },
    })),
  );
  const bytes = KeytabFile.encode(entries);
  writeFileSync(at('many.kt'), bytes);
  writeFileSync(at('cut.kt'), bytes.subarray(0, bytes.length - 9));
  writeFileSync(at('head.kt'), bytes.subarray(0, 2));
  writeFileSync(at('hole.kt'), Buffer.concat([bytes, Uint8Array.of(0x80, 0, 0, 0)]));
  writeFileSync(at('version.kt'), Buffer.from([5, 9, ...bytes.subarray(2)]));
}
