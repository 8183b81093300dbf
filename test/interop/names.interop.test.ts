import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DnsServer, startDns, type Zone } from '../support/dns-server.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, describeRoot, findProgram } from '../support/peers.ts';
import { BETWEEN, capaths, DOMAIN_REALM, type Foreign, startForeign } from './matrix/trust.ts';

const ZONE: Zone = {
  'A www.a.test': '127.0.0.1',
  'CNAME other.a.test': 'alias.a.test',
  'CNAME alias.a.test': 'www.a.test',
  'TXT _kerberos.elsewhere.test': 'B.TEST.',
  'TXT _kerberos.search.test': 'A.TEST',
  'A www.search.test': '127.0.0.1',
};

const ours = join(import.meta.dirname, '../../bin/kvno');
const theirs = (): string => findProgram('kvno')!;

/** What kvno said, and which tickets for services the cache holds after it. */
interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** As MIT's klist lists them: by the names they are kept under, with the true ones. */
  readonly tickets: readonly string[];
  /** The TXT records that DNS was asked for. */
  readonly asked: readonly string[];
}

// DNS is asked at its own port, by programs in a mount namespace: neither is for everybody.
describePeer('mit-client', () => describePeer('mit-kdc', () => describeRoot('names', suite)));

function suite(): void {
  let dir: string;
  let home: MitKdc;
  let foreign: Foreign;
  let dns: DnsServer;
  let runs = 0;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'names-'));
    foreign = await startForeign('A.TEST');
    home = await startMitKdc({
      sections: DOMAIN_REALM + capaths('A.TEST'),
      principals: [
        `addprinc -pw ${BETWEEN} -e aes256-cts-hmac-sha1-96:normal krbtgt/B.TEST@A.TEST`,
        'addprinc -randkey host/www.a.test',
        'addprinc -randkey host/www.search.test',
      ],
    });
    const address = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
    dns = await startDns(ZONE, { address, port: 53 });
    writeFileSync(
      join(dir, 'resolv.conf'),
      `nameserver ${address}\nsearch search.test\noptions timeout:5 attempts:2\n`,
    );
    await home.run('kinit', ['-c', join(dir, 'tgt'), 'alice'], 'alicepw\n');
  }, 60_000);
  afterAll(async () => {
    await Promise.all([home?.stop(), foreign?.stop(), dns?.[Symbol.asyncDispose]()]);
    rmSync(dir, { recursive: true, force: true });
  });

  /** Runs one kvno after the other with lines for [libdefaults], on a cache that holds the ticket-granting ticket. */
  async function run(program: string, lines: string, ...argvs: readonly string[]): Promise<Outcome> {
    const path = join(dir, `run${runs++}`);
    const usual = readFileSync(home.krb5Conf, 'utf8').replace(DOMAIN_REALM + capaths('A.TEST'), '');
    const named = lines.match(/\w+(?= =)/g) ?? [];
    const rest = named.reduce((text, name) => text.replace(new RegExp(`^ *${name} = .*\n`, 'm'), ''), usual);
    const profile = foreign.addTo(rest.replace('[libdefaults]\n', `[libdefaults]\n${lines}\n`));
    writeFileSync(
      `${path}.conf`,
      lines.includes('no default') ? profile.replace(/.*default_realm.*\n/, '') : profile,
    );
    copyFileSync(join(dir, 'tgt'), path);
    const env = {
      PATH: '/usr/bin:/bin',
      LC_ALL: 'C',
      HOME: dir,
      KRB5_CONFIG: `${path}.conf`,
      KRB5CCNAME: path,
    };
    const before = dns.asked.length;
    let said = { status: 0, stdout: '', stderr: '' };
    for (const argv of argvs) {
      const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
      const inside = ['/bin/sh', '-c', script, join(dir, 'resolv.conf'), program, ...argv.split(' ')];
      said = await execute('unshare', ['--mount', '--propagation', 'private', ...inside], env);
    }
    const listed = await execute('klist', [], env);
    const tickets = [...listed.stdout.matchAll(/ {2}(\S+@\S*)\n|Ticket server: (\S+)/g)]
      .map(([, name, trueName]) => name ?? `= ${trueName}`)
      .filter(name => !name.startsWith('krbtgt/'));
    return {
      ...said,
      stderr: said.stderr.replaceAll(path, 'CACHE'),
      tickets,
      asked: dns.asked.slice(before).filter(question => question.startsWith('TXT')),
    };
  }

  it.each([
    ['the name as typed, the full name, at last the one of DNS', FALLBACK, ['-S host Other.A.test']],
    ['a short name', `${FALLBACK}qualify_shortname = a.test`, ['-S host OTHER']],
    ['a short name in a domain of the resolver', `${FALLBACK}`, ['-S host WWW']],
    ['a name that neither DNS nor a KDC knows', FALLBACK, ['-S host nobody.a.test']],
    [
      'a name that is only looked for in the cache',
      FALLBACK,
      ['-S host other.a.test', '--cached-only -S host other.a.test'],
    ],
    [
      'another name for what is in the cache',
      FALLBACK,
      ['-S host other.a.test', '--cached-only -S host www.a.test'],
    ],
    ['a principal that is no name of a host', FALLBACK, ['host/other.a.test']],
    ['the name in DNS, without one that its address has', CANONICAL, ['-S host other.a.test']],
    ['a name in full', CANONICAL, ['-S host WWW.A.TEST.']],
    ['a short name in DNS', `${CANONICAL}qualify_shortname = ""`, ['-S host www']],
    ['a port', OFF, ['-S host localhost:80']],
    [
      "a name of the client's realm that the cache has",
      OFF,
      ['host/www.a.test@A.TEST', '--cached-only -S host www.a.test'],
    ],
    ['a host whose KDC refers to its realm', OFF, ['-S host www.b.test', '-S host www.b.test']],
    ['a host whose realm is published', `${OFF}dns_lookup_realm = true`, ['-S host a.deep.elsewhere.test']],
    ['a host whose realm is not published', `${OFF}dns_lookup_realm = true`, ['-S host a.deep.nowhere.test']],
    ['a host whose realm its domain names', `${OFF}realm_try_domains = 0`, ['-S host b.test']],
    ['a host whose realm none of its domains names', `${OFF}realm_try_domains = 1`, ['-S host a.b.nowhere']],
    ['a host without a domain', `${OFF}dns_lookup_realm = true\nqualify_shortname = ""`, ['-S host nobody']],
    ['an address', `${OFF}dns_lookup_realm = true`, ['-S host 10.0.0.1']],
    ['a default realm that is published', `${OFF}dns_lookup_realm = true\n# no default`, ['host/www.a.test']],
    [
      'a default realm that is not to be looked for',
      `${OFF}dns_lookup_realm = false\n# no default`,
      ['host/www.a.test'],
    ],
  ])('%s is to us what it is to MIT', async (_, lines, argvs) => {
    const [mine, reference] = [await run(ours, lines, ...argvs), await run(theirs(), lines, ...argvs)];
    expect(mine).toEqual(reference);
  });

  it('a name is looked for in DNS only after the KDC does not know it', async () => {
    const before = dns.asked.length;
    expect((await run(ours, FALLBACK, '-S host www.a.test')).status).toBe(0);
    expect(dns.asked.slice(before)).toEqual([]);
    const { tickets } = await run(ours, FALLBACK, '-S host other.a.test');
    expect(tickets).toEqual(['host/other.a.test@', '= host/www.a.test@A.TEST']);
  });
}

const OFF = 'dns_canonicalize_hostname = false\n';
const FALLBACK = 'dns_canonicalize_hostname = fallback\nrdns = false\n';
const CANONICAL = 'dns_canonicalize_hostname = true\nrdns = false\n';

function execute(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Pick<Outcome, 'status' | 'stdout' | 'stderr'>> {
  return new Promise(resolve => {
    execFile(findProgram(program)!, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}
