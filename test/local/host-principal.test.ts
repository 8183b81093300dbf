import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/cli/session.ts';
import { canonicalName } from '../../src/local/canonical-name.ts';
import { hostCandidates, hostPrincipal } from '../../src/local/host-principal.ts';
import { searchDomains } from '../../src/local/search-domains.ts';
import { principalOf } from '../../src/local/session.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';

function sessionWith(lines: string, env: Readonly<Record<string, string>> = {}): Session {
  const conf = join(scratch(), 'krb5.conf');
  writeFileSync(conf, `[libdefaults]\n${lines}\n[domain_realm]\n.b.test = B.TEST\nlocalhost = L.TEST\n`);
  return openSession(captureIo({ env: { KRB5_CONFIG: conf, ...env } }));
}

async function nameOf(host: string, lines: string, env?: Readonly<Record<string, string>>): Promise<string> {
  return formatPrincipal(await hostPrincipal('host', host, sessionWith(lines, env)));
}

async function candidatesOf(text: string, lines: string): Promise<string[]> {
  const session = sessionWith(lines);
  const [service, host] = text.split('/') as [string, string];
  const names: string[] = [];
  const server = await hostPrincipal(service, host, session);
  for await (const name of hostCandidates(server, session)) names.push(formatPrincipal(name));
  return names;
}

/** Longer than names are, so that no DNS is asked for it. */
const UNKNOWN = 'x'.repeat(300);
const OFF = 'dns_canonicalize_hostname = false\n';
const FALLBACK = 'dns_canonicalize_hostname = fallback\n';

describe('the name of a host-based service', () => {
  it.each([
    ['WWW.B.Test.', 'host/www.b.test@B.TEST'],
    ['www.elsewhere', 'host/www.elsewhere@'],
    ['DB.b.test:1433', 'host/db.b.test:1433@B.TEST'],
    ['db.b.test:instance', 'host/db.b.test:instance@B.TEST'],
    ['fe80::1', 'host/fe80::1@'],
    ['10.0.0.1', 'host/10.0.0.1@'],
  ])('of %s is in lower case, without the last dot, in the realm of its domain', async (host, name) => {
    expect(await nameOf(host, OFF)).toBe(name);
  });

  it.each([
    ['qualify_shortname = b.test', 'host/short.b.test@B.TEST'],
    ['qualify_shortname = ""', 'host/short@'],
    ['', 'host/short.search.test@'],
  ])('of one word gets a domain by %j, else that of the resolver', async (lines, name) => {
    expect(await nameOf('short', OFF + lines, { LOCALDOMAIN: 'search.test b.test' })).toBe(name);
  });

  it('is what DNS says, by default', async () => {
    expect(await nameOf('127.0.0.1', '')).toBe('host/localhost@L.TEST');
    expect(await nameOf(`${UNKNOWN}.b.test`, '')).toBe(`host/${UNKNOWN}.b.test@B.TEST`);
  });

  it('stays as it was typed where DNS is for later', async () => {
    expect(await nameOf('WWW.B.Test.', `${FALLBACK}qualify_shortname = b.test`)).toBe('host/WWW.B.Test.@');
  });

  it('is that of this host where none is typed, in full even where DNS is for later', async () => {
    const own = await hostPrincipal('host', undefined, sessionWith(`${FALLBACK}qualify_shortname = b.test`));
    const full = hostname().includes('.') ? hostname() : `${hostname()}.b.test`;
    expect(own.components).toEqual(['host', full.toLowerCase()]);
  });
});

describe('the names to ask for', () => {
  it.each([OFF, ''])('are the one name under %j', async lines => {
    expect(await candidatesOf('host/localhost', `${lines}qualify_shortname = ""`)).toEqual([
      'host/localhost@L.TEST',
    ]);
  });

  it('are first the full name without DNS, then that of DNS, under fallback', async () => {
    expect(await candidatesOf('host/127.0.0.1', FALLBACK)).toEqual([
      'host/127.0.0.1@',
      'host/localhost@L.TEST',
    ]);
    expect(await candidatesOf('host/127.0.0.1:88', FALLBACK)).toEqual([
      'host/127.0.0.1:88@',
      'host/localhost:88@L.TEST',
    ]);
  });

  it('are not one name twice', async () => {
    expect(await candidatesOf('host/LOCALHOST', `${FALLBACK}qualify_shortname = ""`)).toEqual([
      'host/localhost@L.TEST',
    ]);
  });

  it('leave a realm that was named, and names that are of no host', async () => {
    const session = sessionWith(FALLBACK);
    const all = async (text: string, nameType: number) => {
      const names: string[] = [];
      for await (const name of hostCandidates({ ...parsePrincipal(text), nameType }, session)) {
        names.push(formatPrincipal(name));
      }
      return names;
    };
    expect(await all('host/127.0.0.1@X.TEST', 3)).toEqual(['host/127.0.0.1@X.TEST', 'host/localhost@X.TEST']);
    expect(await all('host/127.0.0.1@X.TEST', 1)).toEqual(['host/127.0.0.1@X.TEST']);
    expect(await all('krbtgt/X.TEST@X.TEST', 2)).toEqual(['krbtgt/X.TEST@X.TEST']);
  });
});

describe("the resolver's domains", () => {
  const conf = (text: string): string => {
    const file = join(scratch(), 'resolv.conf');
    writeFileSync(file, text);
    return file;
  };

  it('are those of the last line that names any', () => {
    expect(searchDomains({}, conf('domain a.test\nnameserver 127.0.0.1\nsearch b.test. c.test\n'))).toEqual([
      'b.test',
      'c.test',
    ]);
    expect(searchDomains({}, conf('search b.test\ndomain a.test\n'))).toEqual(['a.test']);
  });

  it("are the environment's before all", () => {
    expect(searchDomains({ LOCALDOMAIN: 'x.test y.test' }, conf('search b.test'))).toEqual([
      'x.test',
      'y.test',
    ]);
  });

  it("are the domain of this host's name where none is named, and none without the file", () => {
    const own = hostname().split('.').slice(1).join('.');
    expect(searchDomains({}, conf('nameserver 127.0.0.1\nsearch .\n'))).toEqual(own === '' ? [] : [own]);
    expect(searchDomains({}, '/nonexistent')).toEqual([]);
  });
});

describe('the canonical name of a host', () => {
  const options = { reverse: false, env: {} };

  it('is the first on its line in the file of hosts', async () => {
    const hostsFile = join(scratch(), 'hosts');
    writeFileSync(
      hostsFile,
      '# 127.0.0.1 not.this localhost\n127.0.0.1\tMachine.b.test LocalHost # a remark\n',
    );
    expect(await canonicalName('localhost', { ...options, hostsFile })).toBe('Machine.b.test');
  });

  it('is undefined for a host that nobody knows', async () => {
    expect(await canonicalName(UNKNOWN, options)).toBeUndefined();
  });
});

describe('a principal without a realm', () => {
  it('is of the default realm', async () => {
    const session = sessionWith('default_realm = A.TEST\ndns_lookup_realm = true');
    expect(formatPrincipal(await principalOf('alice', session))).toBe('alice@A.TEST');
  });

  it('is refused where there is none, and DNS is not to be asked', async () => {
    await expect(principalOf('alice', sessionWith(''))).rejects.toMatchObject({
      code: 'CONFIG_NO_DEFAULT_REALM',
    });
  });
});
