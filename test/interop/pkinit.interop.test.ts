import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { type Environment, ours, type Said, theirs } from '../support/both-programs.ts';
import { type HeimdalKdc, startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { type MitKdc, type MitKdcOptions, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, findProgram } from '../support/peers.ts';
import {
  type CertificateWishes,
  type Certified,
  CLIENT_PURPOSE,
  certify,
  certifyClient,
  certifyKdc,
  KDC_PURPOSE,
  storeIdentity,
} from '../support/pki.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

let dir: string;
let authority: Certified;
let kdcCertificate: Certified;

function issue(name: string, realm: string, wishes: CertificateWishes = {}): string {
  return storeIdentity(dir, name, certifyClient(`${name}@${realm}`, { issuer: authority, ...wishes }));
}

function issueKdc(realm: string, wishes: CertificateWishes = {}): string {
  kdcCertificate = certifyKdc(realm, { issuer: authority, ...wishes });
  return storeIdentity(dir, 'kdc', kdcCertificate);
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  authority = certify('Lab CA', { ca: true, key: 'rsa' });
  storeIdentity(dir, 'ca', authority);
  storeIdentity(dir, 'other', certify('Other CA', { ca: true }));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describePeer('mit-kdc', () => describePeer('mit-client', withMit));
describePeer('heimdal-kdc', withHeimdal);

function startMit(
  identity: string,
  realm: readonly string[] = [],
  options: MitKdcOptions = {},
): Promise<MitKdc> {
  return startMitKdc({
    principals: [
      'addprinc -randkey +requires_preauth pkonly',
      'purgekeys -all pkonly',
      'addprinc -randkey WELLKNOWN/ANONYMOUS',
    ],
    libdefaults: [`pkinit_anchors = FILE:${join(dir, 'ca.pem')}`],
    realm: [`pkinit_identity = ${identity}`, `pkinit_anchors = FILE:${join(dir, 'ca.pem')}`, ...realm],
    ...options,
  });
}

function withMit(): void {
  let kdc: MitKdc;
  let env: Environment;
  beforeAll(async () => {
    kdc = await startMit(issueKdc('A.TEST'), ['pkinit_require_freshness = true']);
    env = { ...kdc.env, HOME: kdc.dir };
  });
  afterAll(() => kdc?.stop());

  const identity = (name: string): string[] => ['-X', `X509_user_identity=${name}`];
  const settings = (...lines: readonly string[]): Environment => {
    const file = join(dir, 'settings.conf');
    writeFileSync(file, `[libdefaults]\n${lines.join('\n')}\n`);
    return { ...env, KRB5_CONFIG: `${file}:${kdc.krb5Conf}` };
  };
  const log = async (args: readonly string[], given = env, input = ''): Promise<Said> =>
    ours(kinit, args, given, input);
  const listed = (text: string): string => text.replace(/\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d/g, 'TIME');

  describe('kinit with a certificate', () => {
    it.each(['rsa', 'ec', 'P-384', 'P-521'] as const)('of kind %s gets a ticket', async key => {
      const name = issue('alice', 'A.TEST', { key });
      expect(await log([...identity(name), 'alice'])).toEqual({ status: 0, stdout: '', stderr: '' });
    });

    it('gets one for a principal that has no key', async () => {
      const name = issue('pkonly', 'A.TEST');
      expect(await log([...identity(name), 'pkonly'])).toMatchObject({ status: 0 });
    });

    it("leaves in the cache what MIT's leaves", async () => {
      const args = [...identity(issue('alice', 'A.TEST')), 'alice'];
      expect(theirs(kinit, args, env)).toMatchObject({ status: 0 });
      const expected = theirs(klist, ['-C', '-f', '-e'], env);
      expect(await log(args)).toMatchObject({ status: 0 });
      expect(listed(theirs(klist, ['-C', '-f', '-e'], env).stdout)).toBe(listed(expected.stdout));
      expect(expected.stdout).toContain('config: pa_type(krbtgt/A.TEST@A.TEST) = 16');
    });

    it('agrees in the group of 4096 bits', async () => {
      const args = [...identity(issue('alice', 'A.TEST')), 'alice'];
      expect(await log(args, settings('pkinit_dh_min_bits = 4096'))).toMatchObject({ status: 0 });
    });

    it('takes another group where the KDC does not know the first', async () => {
      const args = [...identity(issue('alice', 'A.TEST')), 'alice'];
      expect(await log(args, settings('pkinit_dh_min_bits = P-256'))).toMatchObject({ status: 0 });
    });

    it('finds the identity in krb5.conf', async () => {
      const given = settings(
        'pkinit_identities = FILE:/nonexistent',
        `pkinit_identities = ${issue('alice', 'A.TEST')}`,
      );
      expect(await log(['alice'], given)).toEqual({ status: 0, stdout: '', stderr: '' });
    });

    it('asks for the password where krb5.conf has an identity that this user has not', async () => {
      const given = settings('pkinit_identities = FILE:/nonexistent');
      expect(await log(['alice'], given, 'alicepw\n')).toMatchObject({ status: 0 });
    });

    it.each([
      ['<SUBJECT>^CN=first$', 'first'],
      ['&&<SUBJECT>^CN=(first|second)$<EKU>clientAuth', 'second'],
      ['<KU>keyEncipherment', 'second'],
      ['||<SUBJECT>nobody<EKU>clientauth', 'second'],
      ['<SAN>^alice@A[.]TEST$', undefined],
      ['<ISSUER>Lab', undefined],
      ['<SUBJECT>first<FOO>', undefined],
      ['<FOO>first', undefined],
    ])("chooses by pkinit_cert_match what MIT's chooses: %s", async (rule, name) => {
      const folder = mkdtempSync(join(dir, 'pairs-'));
      const many = { keyUsage: 0xa0000000, purposes: [CLIENT_PURPOSE, CLIENT_AUTH] };
      for (const [subject, wishes] of Object.entries({ first: {}, second: many })) {
        const principals = [parsePrincipal('alice@A.TEST')];
        const { pem } = certifyClient(`${subject}@A.TEST`, { issuer: authority, principals, ...wishes });
        writeFileSync(join(folder, `${subject}.crt`), pem.certificate);
        writeFileSync(join(folder, `${subject}.key`), pem.key);
      }
      const args = [...identity(`DIR:${folder}`), 'alice'];
      const given = settings(`pkinit_cert_match = ${rule}`);
      const chosen = (): string => theirs(klist, ['-C'], given).stdout.replace(/\n\s+/g, '');
      expect(theirs(kinit, args, given).status).toBe(name === undefined ? 1 : 0);
      const expected = name === undefined ? '' : `FILE:${join(folder, name)}.crt,${join(folder, name)}.key`;
      if (name !== undefined) expect(chosen()).toContain(expected);
      const said = await log(args, given);
      expect(said.status).toBe(name === undefined ? 1 : 0);
      if (name !== undefined) expect(chosen()).toContain(expected);
      else expect(said.stderr).toContain('pkinit_cert_match');
    });

    it.each(['flag_RSA_PROTOCOL', 'disable_freshness=no', 'bogus=1'])(
      'gets one with -X %s, as MIT does',
      async attribute => {
        const args = [...identity(issue('alice', 'A.TEST', { key: 'rsa' })), '-X', attribute, 'alice'];
        expect(theirs(kinit, args, env)).toMatchObject({ status: 0 });
        const warning = 'kinit: warning: -X bogus=1 is ignored: there is no such attribute\n';
        const stderr = attribute === 'bogus=1' ? warning : '';
        expect(await log(args)).toEqual({ status: 0, stdout: '', stderr });
      },
    );

    it('is refused without the token that the KDC asks for, as MIT is', async () => {
      const args = [...identity(issue('alice', 'A.TEST')), '-X', 'disable_freshness', 'alice'];
      expect(await log(args)).toEqual(theirs(kinit, args, env));
    });

    it.each([
      ['of another', { principals: [parsePrincipal('bob@A.TEST')] }],
      ['for another purpose', { purposes: [KDC_PURPOSE] }],
    ] satisfies [string, CertificateWishes][])(
      '%s is refused, in the same words as with MIT',
      async (_, wishes) => {
        const args = [...identity(issue('alice', 'A.TEST', wishes)), 'alice'];
        const said = await log(args);
        expect(said).toEqual(theirs(kinit, args, env));
        expect(said.status).toBe(1);
      },
    );

    it.each([
      ['of another authority', { issuer: undefined }],
      ['that has expired', { from: -9, to: -1 }],
    ] satisfies [string, CertificateWishes][])('%s is refused', async (_, wishes) => {
      const args = [...identity(issue('alice', 'A.TEST', wishes)), 'alice'];
      expect(await log(args)).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(
          /^kinit: (Invalid|Can't verify) certificate while getting initial credentials\n$/,
        ),
      });
    });

    it('says with -V which options it takes, as MIT does', async () => {
      const args = [
        '-V',
        ...identity(issue('alice', 'A.TEST')),
        '-X',
        `X509_anchors=FILE:${join(dir, 'ca.pem')}`,
        'alice',
      ];
      expect(await log(args)).toEqual(theirs(kinit, args, env));
    });
  });

  describePeer('openssl', () => {
    const openssl = (...args: readonly string[]): void => {
      expect(spawnSync(findProgram('openssl')!, args).status, args.join(' ')).toBe(0);
    };

    it.each(['rsa', 'ec'] as const)('reads PKCS#12 that openssl wrote, with a key of kind %s', async key => {
      issue('alice', 'A.TEST', { key });
      const [certificate, secret, file] = ['pem', 'key', 'p12'].map(end => join(dir, `alice.${end}`)) as [
        string,
        string,
        string,
      ];
      openssl(
        'pkcs12',
        '-export',
        '-in',
        certificate,
        '-inkey',
        secret,
        '-passout',
        'pass:p12pw',
        '-out',
        file,
      );
      const args = [...identity(`PKCS12:${file}`), 'alice'];
      const said = await log(args, env, 'p12pw\n');
      expect(said).toEqual({ status: 0, stdout: `Pass phrase for ${file}: \n`, stderr: '' });
      expect(said).toEqual(theirs(kinit, args, env, 'p12pw\n'));
      expect(await log(args, env, 'wrong\n')).toMatchObject({ status: 1 });
    });
  });

  describePeer('openssl', () => {
    /** A list of the authority's, made by openssl; with the KDC's certificate on it, if `revoked`. */
    function writeList(name: string, revoked: boolean): string {
      const file = (end: string): string => join(dir, `${name}.${end}`);
      const { serialNumber } = kdcCertificate.certificate;
      const row = ['R', '391231235959Z', '260101000000Z', serialNumber, 'unknown', '/CN=kdc'].join('\t');
      writeFileSync(file('index'), revoked ? `${row}\n` : '');
      writeFileSync(
        file('cnf'),
        `[ca]\ndefault_ca = own\n[own]\ndatabase = ${file('index')}\ndefault_md = sha256\ndefault_crl_days = 9\n`,
      );
      const own = ['-keyfile', join(dir, 'ca.key'), '-cert', join(dir, 'ca.pem')];
      const args = ['ca', '-config', file('cnf'), '-gencrl', ...own, '-out', file('crl')];
      const { status, stderr } = spawnSync(findProgram('openssl')!, args, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return `pkinit_revoke = FILE:${file('crl')}`;
    }

    const login = (...lines: readonly string[]): [string[], Environment] => [
      [...identity(issue('alice', 'A.TEST')), 'alice'],
      settings(...lines),
    ];
    const CHECK = 'pkinit_require_crl_checking = true';

    it('a list that does not name the KDC leaves it', async () => {
      const [args, given] = login(writeList('clean', false), CHECK);
      expect(await log(args, given)).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(theirs(kinit, args, given)).toMatchObject({ status: 0 });
    });

    it.each([[[]], [[CHECK]]])('a list with the KDC on it ends it, with %j', async lines => {
      const [args, given] = login(writeList('revoked', true), ...lines);
      expect(await log(args, given)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('(depth 0): certificate revoked'),
      });
      expect(theirs(kinit, args, given)).toMatchObject({ status: 1 });
    });

    it('no list ends it where one is required', async () => {
      const [args, given] = login(CHECK);
      expect(await log(args, given)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('(depth 0): unable to get certificate CRL'),
      });
      expect(theirs(kinit, args, given)).toMatchObject({ status: 1 });
    });
  });

  describe('kinit -n', () => {
    it.each([['-n'], ['-n', '@A.TEST']])("%s leaves in the cache what MIT's leaves", async (...args) => {
      expect(theirs(kinit, args, env)).toMatchObject({ status: 0 });
      const expected = theirs(klist, ['-C', '-f', '-e'], env);
      expect(await log(args)).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(listed(theirs(klist, ['-C', '-f', '-e'], env).stdout)).toBe(listed(expected.stdout));
      expect(expected.stdout).toContain('Default principal: WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS');
    });

    it.each([
      ['-n', '@NOWHERE.TEST'],
      ['-n', 'alice'],
    ])('%s %s says what MIT says', async (...args) => {
      expect(await log(args)).toEqual(theirs(kinit, args, env));
    });

    it('gets a service ticket', async () => {
      await log(['-n']);
      const { status } = spawnSync(findProgram('kvno')!, ['host/localhost'], { env });
      expect(status).toBe(0);
    });

    it('makes an armor for who has no other', async () => {
      const armor = `FILE:${join(dir, 'armor')}`;
      expect(await log(['-n', '-c', armor])).toMatchObject({ status: 0 });
      expect(await log(['-T', armor, 'alice'], env, 'alicepw\n')).toMatchObject({ status: 0 });
      const args = ['-T', armor, ...identity(issue('alice', 'A.TEST')), 'alice'];
      expect(await log(args)).toEqual({ status: 0, stdout: '', stderr: '' });
      expect(await log(['-T', armor, '-n'])).toEqual({ status: 0, stdout: '', stderr: '' });
    });

    it('does not trust a KDC of another authority', async () => {
      expect(await log(['-n', '-X', `X509_anchors=FILE:${join(dir, 'other.pem')}`])).toEqual({
        status: 1,
        stdout: '',
        stderr:
          'kinit: Pre-authentication failed: Failed to verify received certificate (depth 0): ' +
          'unable to get local issuer certificate while getting initial credentials\n',
      });
    });
  });

  describe('a KDC of MIT', () => {
    it.each([
      ['whose certificate names no KDC', { principals: [] }, [], 'KDC name mismatch'],
      [
        'whose certificate names another realm',
        { principals: [tgsPrincipal('B.TEST')] },
        [],
        'KDC name mismatch',
      ],
      [
        'that has a host name, but not the purpose of a KDC',
        { principals: [], purposes: undefined, dnsNames: ['localhost'] },
        ['pkinit_kdc_hostname = localhost'],
        'Inconsistent key purpose',
      ],
      [
        'that has a host name and the purpose of a KDC',
        { principals: [], dnsNames: ['localhost'] },
        ['pkinit_kdc_hostname = localhost'],
        undefined,
      ],
      [
        'that has a host name, and no purpose is asked for',
        { principals: [], purposes: undefined, dnsNames: ['localhost'] },
        ['pkinit_kdc_hostname = localhost', 'pkinit_eku_checking = none'],
        undefined,
      ],
      [
        'that has a host name and the purpose of a server, where that is asked for',
        { principals: [], purposes: [SERVER_AUTH], dnsNames: ['localhost'] },
        ['pkinit_kdc_hostname = localhost', 'pkinit_eku_checking = kpserverauth'],
        undefined,
      ],
      [
        'that has a host name and the purpose of a server, where that of a KDC is asked for',
        { principals: [], purposes: [SERVER_AUTH], dnsNames: ['localhost'] },
        ['pkinit_kdc_hostname = localhost'],
        'Inconsistent key purpose',
      ],
      ['whose key is on a curve', { key: 'ec' }, [], undefined],
    ] satisfies [string, CertificateWishes, string[], string | undefined][])(
      '%s',
      async (_, wishes, lines, failure) => {
        const other = await startMit(issueKdc('A.TEST', wishes), [], {
          libdefaults: [`pkinit_anchors = FILE:${join(dir, 'ca.pem')}`, ...lines],
        });
        try {
          const given = { ...other.env, HOME: other.dir };
          const args = [...identity(issue('alice', 'A.TEST')), 'alice'];
          const said = await log(args, given);
          const stderr =
            failure === undefined
              ? ''
              : `kinit: Pre-authentication failed: ${failure} while getting initial credentials\n`;
          expect(said).toEqual({ status: failure === undefined ? 0 : 1, stdout: '', stderr });
          expect(theirs(kinit, args, given).status).toBe(said.status);
        } finally {
          await other.stop();
        }
      },
    );
  });
}

function withHeimdal(): void {
  let kdc: HeimdalKdc;
  let env: Environment;
  beforeAll(async () => {
    kdc = await startHeimdalKdc({
      principals: [
        'add --use-defaults -p pkpw --attributes=requires-pre-auth pkuser',
        'cpw -r WELLKNOWN/ANONYMOUS',
      ],
      libdefaults: [`pkinit_anchors = FILE:${join(dir, 'ca.pem')}`],
      kdc: [
        'enable-pkinit = yes',
        `pkinit_identity = ${issueKdc('H.TEST')}`,
        `pkinit_anchors = FILE:${join(dir, 'ca.pem')}`,
        'pkinit_principal_in_certificate = yes',
        'allow-anonymous = yes',
      ],
    });
    env = kdc.env;
  });
  afterAll(() => kdc?.stop());

  // Heimdal 7 takes no other group than that of 2048 bits, and no certificates of curves.
  it('kinit with a certificate gets a ticket', async () => {
    const args = ['-X', `X509_user_identity=${issue('pkuser', 'H.TEST', { key: 'rsa' })}`, 'pkuser'];
    expect(await ours(kinit, args, env)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await ours(klist, ['-C'], env)).stdout).toContain('config: pa_type(krbtgt/H.TEST@H.TEST) = 16');
  });

  it('kinit -n gets an anonymous ticket', async () => {
    expect(await ours(kinit, ['-n'], env)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await ours(klist, [], env)).stdout).toContain('WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS');
  });

  it('kinit with the certificate of another is refused', async () => {
    const args = ['-X', `X509_user_identity=${issue('alice', 'H.TEST')}`, 'pkuser'];
    expect(await ours(kinit, args, env)).toMatchObject({ status: 1 });
  });
}
