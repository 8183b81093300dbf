import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KdcPkinitOptions } from '../../src/kdc/preauth/pkinit.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { runPeer, type Said } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';
import {
  type Certified,
  CLIENT_PURPOSE,
  certify,
  certifyKdc,
  KDC_PURPOSE,
  storeIdentity,
} from '../support/pki.ts';

const REALM = 'LAB.TEST';
const alice = parsePrincipal(`alice@${REALM}`);

describePeer('mit-client', () => {
  let folder: string;
  let kdc: RunningKdc;
  let authority: Certified;
  let pkinit: KdcPkinitOptions;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
    authority = certify('Lab CA', { ca: true, key: 'rsa' });
    const own = certifyKdc(REALM, { issuer: authority });
    pkinit = {
      identity: { certificate: own.certificate, privateKey: own.privateKey, chain: [] },
      anchors: [authority.certificate],
    };
    write('ca.pem', authority.pem.certificate);
    kdc = await start(pkinit);
    configure(kdc);
  });
  afterAll(async () => {
    await kdc?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(options: KdcPkinitOptions): Promise<RunningKdc> {
    return startKdc({
      realm: REALM,
      users: [{ name: 'alice', password: 'wonderland' }],
      services: ['WELLKNOWN/ANONYMOUS', 'host/localhost'],
      pkinit: options,
    });
  }

  /** Sends MIT's programs to a KDC. */
  function configure({ krb5Conf }: RunningKdc, ...lines: readonly string[]): void {
    const settings = [`pkinit_anchors = FILE:${join(folder, 'ca.pem')}`, ...lines];
    write('krb5.conf', krb5Conf().replace('[libdefaults]\n', `[libdefaults]\n\t${settings.join('\n\t')}\n`));
  }

  function write(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  }

  async function run(...words: readonly string[]): Promise<Said & { readonly trace: string }> {
    write('trace', '');
    const said = await runPeer(folder, words);
    return { ...said, trace: readFileSync(join(folder, 'trace'), 'latin1') };
  }

  /** -X for a certificate that the authority issues. */
  function identity(name: string, wishes: Parameters<typeof certify>[1]): string[] {
    const own = certify(name, { issuer: authority, purposes: [CLIENT_PURPOSE], ...wishes });
    return ['-X', `X509_user_identity=${storeIdentity(folder, name, own)}`];
  }

  it.each(['rsa', 'ec'] as const)("gives MIT's kinit with a certificate of kind %s a ticket", async key => {
    const { status, output, trace } = await run(
      'kinit',
      ...identity(key, { principals: [alice], key }),
      'alice',
    );
    expect({ status, output }).toEqual({ status: 0, output: '' });
    expect(trace).toContain('PKINIT client received freshness token from KDC');
    expect(trace).toContain('PKINIT client used KDF 2B06010502030602');
    expect((await run('kvno', 'host/localhost')).output).toMatch(/kvno = 1/);
  });

  it("agrees with MIT's kinit in the group of 4096 bits", async () => {
    configure(kdc, 'pkinit_dh_min_bits = 4096');
    const { status, output } = await run('kinit', ...identity('big', { principals: [alice] }), 'alice');
    configure(kdc);
    expect({ status, output }).toEqual({ status: 0, output: '' });
  });

  it("has MIT's kinit take another group than its first, within FAST, too", async () => {
    const strict = await start({ ...pkinit, minGroup: '4096' });
    configure(strict);
    try {
      const armor = `FILE:${join(folder, 'armor')}`;
      const { trace, ...said } = await run('kinit', '-n', '-c', armor);
      expect(said).toEqual({ status: 0, output: '' });
      expect(trace).toContain('PKINIT client trying again with KDC-provided parameters');
      const args = ['-T', armor, ...identity('strict', { principals: [alice] }), 'alice'];
      expect(await run('kinit', ...args)).toMatchObject({ status: 0, output: '' });
    } finally {
      configure(kdc);
      await strict.close();
    }
  });

  it("takes MIT's kinit with a certificate within FAST, whose armor is an anonymous ticket", async () => {
    const armor = `FILE:${join(folder, 'armor')}`;
    expect(await run('kinit', '-n', '-c', armor)).toMatchObject({ status: 0 });
    const args = ['-T', armor, ...identity('armored', { principals: [alice] }), 'alice'];
    expect(await run('kinit', ...args)).toMatchObject({ status: 0, output: '' });
  });

  it("gives MIT's kinit -n an anonymous ticket, which gets a service's", async () => {
    expect(await run('kinit', '-n')).toMatchObject({ status: 0, output: '' });
    expect((await run('klist', '-f')).output).toMatch(
      /WELLKNOWN\/ANONYMOUS@WELLKNOWN:ANONYMOUS[\s\S]*Flags:.*a/,
    );
    expect((await run('kvno', 'host/localhost')).output).toMatch(/kvno = 1/);
    expect((await run('klist', '-f')).output).toMatch(/ host\/localhost@[\s\S]*Flags: \w*a/);
  });

  it.each([
    ['of another', 'Client name mismatch', { principals: [parsePrincipal(`bob@${REALM}`)] }],
    ['for another purpose', 'Inconsistent key purpose', { principals: [alice], purposes: [KDC_PURPOSE] }],
  ])('refuses a certificate %s', async (_, sentence, wishes) => {
    const { status, output } = await run('kinit', ...identity('wrong', wishes), 'alice');
    expect({ status, output }).toEqual({
      status: 1,
      output: `kinit: ${sentence} while getting initial credentials\n`,
    });
  });
});
