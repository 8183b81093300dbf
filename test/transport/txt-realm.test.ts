import { describe, expect, it } from 'vitest';
import { StopController } from '../../src/transport/stop-signal.ts';
import { createTxtLookup, findTxtRealm, type TxtLookup } from '../../src/transport/txt-realm.ts';
import { startDns } from '../support/dns-server.ts';

/** A zone, and the names that were asked for. */
function zone(records: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const lookupTxt: TxtLookup = async name => {
    asked.push(name);
    const strings = records[name];
    return strings === undefined ? [] : [strings];
  };
  return { asked, lookupTxt };
}

describe('the realm of a host in TXT records', () => {
  it("is that at the host's own name, else at the nearest domain around it", async () => {
    const { lookupTxt, asked } = zone({
      '_kerberos.own.b.test': ['OWN.TEST'],
      '_kerberos.b.test': ['B.TEST'],
      '_kerberos.test': ['FAR.TEST'],
    });
    expect(await findTxtRealm('own.b.test', { lookupTxt })).toBe('OWN.TEST');
    expect(await findTxtRealm('www.deep.b.test', { lookupTxt })).toBe('B.TEST');
    expect(asked.slice(1)).toEqual([
      '_kerberos.www.deep.b.test',
      '_kerberos.deep.b.test',
      '_kerberos.b.test',
    ]);
  });

  it('may end in a dot, which is none of it', async () => {
    expect(await findTxtRealm('a', zone({ '_kerberos.a': ['A.TEST.', 'more'] }))).toBe('A.TEST');
  });

  it.each(['', '.', 'A TEST', 'A\nTEST', 'A"TEST', 'Ä.TEST', 'A\0'])(
    'is not %j, which is no realm',
    async text => {
      const lookup = zone({ '_kerberos.a.test': [text], '_kerberos.test': ['TEST'] });
      expect(await findTxtRealm('a.test', lookup)).toBe('TEST');
    },
  );

  it('is not looked for at names that are too long for DNS', async () => {
    const { asked, lookupTxt } = zone({});
    await findTxtRealm(`${'a.'.repeat(200)}test`, { lookupTxt });
    expect(asked.length).toBeGreaterThan(0);
    expect(Math.max(...asked.map(name => name.length))).toBeLessThanOrEqual(253);
  });

  it.each([
    ['ETIMEOUT', 1],
    ['ECONNREFUSED', 1],
    ['ESERVFAIL', 3],
  ])('is given up where DNS fails by %s after %i names', async (code, count) => {
    let asked = 0;
    const traced: string[] = [];
    const lookupTxt = () =>
      Promise.reject(Object.assign(new Error(`query ${code}`), { code, asked: asked++ }));
    const trace = (line: string) => traced.push(line);
    expect(await findTxtRealm('a.b.test', { lookupTxt, trace })).toBeUndefined();
    expect(asked).toBe(count);
    expect(traced[0]).toBe(`TXT record _kerberos.a.b.test. not found: query ${code}`);
  });

  it('is read from a real server', async () => {
    await using dns = await startDns({ 'TXT _kerberos.b.test': 'B.TEST' });
    const lookupTxt = createTxtLookup([dns.address]);
    const traced: string[] = [];
    const trace = (line: string) => traced.push(line);
    expect(await findTxtRealm('www.b.test', { lookupTxt, trace })).toBe('B.TEST');
    expect(traced).toEqual([
      'TXT record _kerberos.www.b.test. not found',
      'TXT record _kerberos.b.test. found: B.TEST',
    ]);
  });

  it('is not waited for once nobody wants it', async () => {
    await using dns = await startDns({ 'TXT _kerberos.b.test': undefined });
    const signal = new StopController();
    const traced: string[] = [];
    const trace = (line: string) => traced.push(line);
    const lookupTxt = createTxtLookup([dns.address]);
    const finding = findTxtRealm('b.test', { lookupTxt, trace, signal });
    setTimeout(() => signal.abort(), 20);
    expect(await finding).toBeUndefined();
    expect(traced).toEqual(['TXT record _kerberos.b.test. not found: no answer']);
  });
});
