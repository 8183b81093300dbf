import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadProfile } from '../src/config/load.ts';
import { otpValue } from '../src/kdc/preauth/otp-value.ts';
import { type RunningKdc, startKdc } from '../src/kdc/start.ts';
import { KeytabFile } from '../src/keytab/file-format.ts';
import { freePort } from './support/free-port.ts';
import { NO_KEYRINGS } from './support/no-keyrings.ts';
import { describePeer } from './support/peers.ts';
import { certify, certifyClient, certifyKdc } from './support/pki.ts';

const root = join(import.meta.dirname, '..');
const docs = join(root, 'docs');
const REALM = 'EXAMPLE.COM';
const TOKEN = { secret: 'JBSWY3DPEHPK3PXP', counter: 0 };

/** A page whose commands are run from top to bottom in one shell: what is typed, and what they must print. */
interface Page {
  readonly name: string;
  readonly typed?: string;
  readonly prints: readonly RegExp[];
  /** Looks for tickets in /tmp, where it shall find none of the user's own. */
  readonly alone?: boolean;
}

/** What gives a program a /tmp of its own. */
const ALONE = [
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  // The checkout may lie in /tmp itself, and is to stay in sight.
  'here=$PWD && mount --rbind "$0" /mnt && mount -t tmpfs none /tmp && mkdir -p "$0" && mount --rbind /mnt "$0" && cd "$here" && exec "$@"',
  root,
];
const canBeAlone = spawnSync('unshare', [...ALONE, 'true']).status === 0;
if (!canBeAlone) console.warn('skipped, docs/logout.md: unshare cannot give it a /tmp of its own');

const pages: readonly Page[] = [
  {
    name: 'first-ticket.md',
    typed: 'wonderland\n',
    prints: [
      /Default principal: alice@EXAMPLE\.COM/,
      /HTTP\/www\.example\.com@EXAMPLE\.COM: kvno = 1/,
      /KRB_AP_ERR_SKEW/,
    ],
  },
  {
    name: 'active-directory.md',
    typed: 'wonderland\nwonderland\n',
    prints: [
      /HTTP\/intranet\.example\.com@EXAMPLE\.COM: kvno = 1/,
      /svc-web@EXAMPLE\.COM \(aes256-cts-hmac-sha1-96\)/,
      /Alice Liddell/,
    ],
  },
  {
    name: 'two-factor.md',
    typed: `${otpValue(TOKEN, 0)}\n`,
    prints: [
      /Enter OTP Token Value/,
      /Default principal: bob@EXAMPLE\.COM/,
      /WELLKNOWN\/ANONYMOUS@WELLKNOWN:ANONYMOUS/,
      /Default principal: alice@EXAMPLE\.COM[\s\S]*card/,
    ],
  },
  {
    name: 'http.md',
    typed: 'wonderland\n',
    prints: [/"client":"alice@EXAMPLE\.COM"/, /HTTP\/1\.1 200/, /keytab entry valid/],
  },
  {
    name: 'logout.md',
    typed: 'wonderland\nwonderland\n',
    prints: [/Destroyed FILE:krb5cc/, /Installed: /],
    alone: true,
  },
  {
    name: 'from-mit.md',
    typed: 'wonderland\n',
    prints: [/Ticket cache: FILE:for-another/, /HTTP\/localhost@EXAMPLE\.COM/],
  },
  {
    name: 'kdc.md',
    prints: [/HTTP\/localhost@\S+: kvno = 1, keytab entry valid/, /HTTP\/www\.example\.test@EXAMPLE\.TEST/],
  },
];

let kdc: RunningKdc;
const folders: string[] = [];

beforeAll(async () => {
  const authority = certify('Example CA', { ca: true });
  const kdcCertificate = certifyKdc(REALM, { issuer: authority });
  const alice = certifyClient(`alice@${REALM}`, { issuer: authority });
  files = {
    'ca.pem': authority.pem.certificate,
    'alice.pem': alice.pem.certificate,
    'alice.key': alice.pem.key,
    'web.password': 'Looking-glass1\n',
  };
  kdc = await startKdc({
    realm: REALM,
    users: [
      {
        name: 'alice',
        password: 'wonderland',
        account: { rid: 1105, fullName: 'Alice Liddell' },
        aliases: ['alice@example.com'],
      },
      { name: 'svc-web', password: 'Looking-glass1', salt: 'EXAMPLE.COMhostweb' },
      { name: 'bob', otp: TOKEN },
    ],
    services: [
      'WELLKNOWN/ANONYMOUS',
      'host/client.example.com',
      ...['www.example.com', 'intranet.example.com', 'localhost'].map(host => `HTTP/${host}`),
    ],
    domain: { sid: 'S-1-5-21-1-2-3', name: 'EXAMPLE' },
    pkinit: {
      identity: { certificate: kdcCertificate.certificate, privateKey: kdcCertificate.privateKey, chain: [] },
      anchors: [authority.certificate],
    },
    indicators: { pkinit: ['card'] },
  });
});
afterAll(async () => {
  await kdc?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

let files: Readonly<Record<string, string>>;

describe('docs', () => {
  it('has no page that is not tested, here or in a file of its own', () => {
    const others = ['ci.md', 'differences.md', 'drivers.md', 'web-services.md'];
    const found = readdirSync(docs).filter(name => name.endsWith('.md'));
    expect(found.filter(name => !others.includes(name)).sort()).toEqual(pages.map(({ name }) => name).sort());
  });

  it('is linked from the README, and links only to what is there', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    for (const { name } of pages) {
      expect(readme).toContain(`(docs/${name})`);
      const links = [...read(name).matchAll(/\]\(([^)#:]*)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
      for (const target of links.filter(link => link !== '')) {
        expect(() => readFileSync(join(docs, target)), `${name}: ${target}`).not.toThrow();
      }
    }
  });

  it('shows configuration that says what it seems to say', () => {
    const shown = pages.flatMap(({ name }) => blocksOf(name)).filter(({ kind }) => kind === 'ini');
    expect(shown.length).toBeGreaterThan(0);
    const folder = mkdtempSync(join(import.meta.dirname, '.docs-'));
    folders.push(folder);
    for (const { text } of shown) {
      writeFileSync(join(folder, 'krb5.conf'), text);
      expect(loadProfile([join(folder, 'krb5.conf')]).warnings, text).toEqual([]);
    }
  });

  it.each(pages.filter(({ alone }) => !alone || canBeAlone || process.env.CI === 'true'))(
    '$name shows commands that work',
    { timeout: 120_000 },
    async ({ name, prints, ...how }) => {
      // test/library.test.ts runs what is for jest, test/interop/docs-kdc.interop.test.ts what is for other languages.
      const elsewhere = ['sh mit', 'ini', 'js', 'sh java', 'yaml go', 'go'];
      const others = blocksOf(name).filter(({ kind }) => kind !== 'sh' && !elsewhere.includes(kind));
      expect(others).toEqual([]);
      const script = blocksOf(name)
        .filter(({ kind }) => kind === 'sh')
        .map(({ text }) => text);
      expect(script.length).toBeGreaterThan(0);
      const { status, output } = await run(script.join(''), how);
      expect(status, output).toBe(0);
      for (const text of prints) expect(output).toMatch(text);
    },
  );
});

describePeer('mit-kdc', () => {
  it('kdc.md shows how MIT Kerberos takes the realm over', { timeout: 120_000 }, async () => {
    const commands = (wanted: string) =>
      blocksOf('kdc.md')
        .filter(({ kind }) => kind === wanted)
        .map(({ text }) => text)
        .join('');
    const script = `(\n${commands('sh')})\n${commands('sh mit')}`;
    const { status, output } = await run(script, { realm: 'EXAMPLE.TEST' });
    expect(status, output).toBe(0);
    expect(output).toMatch(/^HTTP\/www\.example\.test@EXAMPLE\.TEST$[\s\S]*^alice@EXAMPLE\.TEST$/m);
  });
});

function blocksOf(name: string) {
  const blocks = read(name).matchAll(/^```(\w.*)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, kind, text]) => ({ kind: kind!, text: text! }));
}

function read(name: string): string {
  return readFileSync(join(docs, name), 'utf8');
}

interface How extends Pick<Page, 'typed' | 'alone'> {
  readonly realm?: string;
}

async function run(commands: string, { typed = '', realm = REALM, alone = false }: How) {
  const folder = mkdtempSync(join(import.meta.dirname, '.docs-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const [name, service] of [
    ['http.keytab', 'HTTP/localhost'],
    ['www.keytab', 'HTTP/www.example.com'],
    ['intranet.keytab', 'HTTP/intranet.example.com'],
    ['host.keytab', 'host/client.example.com'],
  ] as const) {
    writeFileSync(join(folder, name), KeytabFile.encode(kdc.keytab(service)));
  }
  writeFileSync(
    join(folder, 'krb5.conf'),
    kdc.krb5Conf().replace(/default_realm = .*/, `default_realm = ${realm}`),
  );
  // For MIT's own tools.
  const database = `database_name = ${folder}/principal\n  key_stash_file = ${folder}/stash`;
  writeFileSync(join(folder, 'kdc.conf'), `[realms]\n EXAMPLE.TEST = {\n  ${database}\n }\n`);
  const port = await freePort();
  const script = commands
    .replaceAll('8080', String(port))
    .replaceAll(
      /&$/gm,
      `& until (echo > /dev/tcp/localhost/${port}) 2>/dev/null; do kill -0 $!; sleep 0.1; done`,
    );
  return bash(`trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`, { folder, typed, alone });
}

/** Runs a script as somebody's who has no tickets, no keychain and no settings. */
function bash(
  script: string,
  { folder, typed, alone }: { readonly folder: string; readonly typed: string; readonly alone: boolean },
) {
  const command = ['bash', '--noprofile', '--norc', '-e', '-c', script];
  const [program, ...args] = alone ? ['unshare', ...ALONE, ...command] : command;
  const child = spawn(program!, args, {
    cwd: folder,
    env: {
      PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}${delimiter}/usr/sbin`,
      ...NO_KEYRINGS,
      HOME: folder,
      SHELL: '/bin/bash',
      TMPDIR: folder,
      KRB5_CONFIG: join(folder, 'krb5.conf'),
      KRB5_KDC_PROFILE: join(folder, 'kdc.conf'),
      KRB5CCNAME: 'FILE:krb5cc',
      KRB5KIT_HOME: join(folder, 'krb5kit'),
      KRB5KIT_KEYCHAIN: 'none',
      GITHUB_ENV: join(folder, 'github.env'),
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(typed);
  return new Promise<{ status: number | null; output: string }>(resolve => {
    child.once('close', status => resolve({ status, output }));
  });
}
