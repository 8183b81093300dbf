import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { ours } from '../support/both-programs.ts';
import { type ExampleServer, runExample, startExample } from '../support/examples.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, describeRoot } from '../support/peers.ts';
import { type Samba, startSamba } from '../support/samba.ts';
import { type Slapd, startSlapd } from '../support/slapd.ts';

const mechanisms = ['GSSAPI', 'GSS-SPNEGO'];
const protections = ['none', 'integrity', 'confidentiality'];
const all = mechanisms.flatMap(mechanism => protections.map(protection => [mechanism, protection] as const));

describePeer('slapd', () => {
  let kdc: MitKdc;
  let slapd: Slapd;
  beforeAll(async () => {
    kdc = await startMitKdc();
    slapd = await startSlapd(kdc);
    await kdc.run('kinit', ['alice'], 'alicepw\n');
  });
  afterAll(async () => {
    await slapd?.stop();
    await kdc?.stop();
  });

  it.each(all)('our example searches, by %s with %s', async (mechanism, protection) => {
    const args = [slapd.url, 'dc=test', mechanism, protection];
    const { status, stdout, stderr } = await runExample('ldap', args, kdc.env);
    expect([stderr, status]).toEqual(['', 0]);
    const [who, entry] = stdout.split('\n');
    expect(who).toBe('authorization: dn:uid=alice,dc=test');
    expect(JSON.parse(entry!)).toMatchObject({ dn: 'dc=test', description: 'x'.repeat(50_000) });
  });
});

describePeer('ldapsearch', () => {
  let kdc: MitKdc;
  let server: ExampleServer;
  beforeAll(async () => {
    kdc = await startMitKdc();
    kdc.addPrincipal('ldap/localhost');
    server = await startExample('ldap-server', [kdc.keytab], kdc.env);
    await kdc.run('kinit', ['alice'], 'alicepw\n');
  });
  afterAll(async () => {
    server?.stop();
    await kdc?.stop();
  });

  it.each([
    ['GSSAPI', 'none', 'maxssf=0'],
    ['GSSAPI', 'integrity', 'maxssf=1'],
    ['GSSAPI', 'confidentiality', 'minssf=56'],
    ['GSS-SPNEGO', 'none', 'maxssf=0'],
    // There is no integrity alone by GSS-SPNEGO: MIT's library sets the flags of both, or of neither.
    ['GSS-SPNEGO', 'confidentiality', 'minssf=56'],
  ])('is known to our example server, by %s with %s', async (mechanism, protection, properties) => {
    const args = ['-O', properties, '-LLL', '-b', '', '-s', 'base'];
    const { status, stdout } = await ask('ldapsearch', mechanism, ...args);
    expect([status, stdout]).toEqual([0, `dn:\ncn: alice@A.TEST\ndescription: ${protection}\n\n`]);
  });

  it('is told who it is', async () => {
    expect((await ask('ldapwhoami', 'GSSAPI')).stdout).toBe('u:alice@A.TEST\n');
  });

  it('may say so itself, and not that it is another', async () => {
    expect(await ask('ldapwhoami', 'GSSAPI', '-X', 'u:alice@A.TEST')).toMatchObject({ status: 0 });
    const { status, stderr } = await ask('ldapwhoami', 'GSSAPI', '-X', 'u:bob@A.TEST');
    expect([status, stderr]).toEqual([49, expect.stringContaining('Invalid credentials')]);
  });

  it('is refused where it brings no ticket', async () => {
    const none = { ...kdc.env, KRB5CCNAME: `FILE:${kdc.dir}/none`, KRB5_CLIENT_KTNAME: '/nonexistent' };
    const example = await runExample('ldap', [`ldap://localhost:${server.port}`, ''], none);
    expect(example.status).toBe(1);
    expect((await kdc.run('ldapwhoami', ['-x', '-H', `ldap://localhost:${server.port}`])).status).not.toBe(0);
  });

  it.each(all)('our example is known to it as well, by %s with %s', async (mechanism, protection) => {
    const args = [`ldap://localhost:${server.port}`, '', mechanism, protection];
    const { stdout, stderr } = await runExample('ldap', args, kdc.env);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      `authorization: u:alice@A.TEST\n{"dn":"","cn":"alice@A.TEST","description":"${protection}"}\n`,
    );
  });

  function ask(program: string, mechanism: string, ...args: readonly string[]) {
    const url = `ldap://localhost:${server.port}`;
    return kdc.run(program, ['-N', '-Q', '-Y', mechanism, '-H', url, ...args]);
  }
});

describePeer('samba', () => {
  describeRoot('Samba as root', () => {
    const password = 'Passw0rd!';
    let samba: Samba;
    let env: Readonly<Record<string, string>>;
    beforeAll(async () => {
      samba = await startSamba({ password, users: [{ name: 'alice' }], directory: true });
      const { dir, address, port } = samba;
      const krb5Conf = join(dir, 'client.conf');
      writeFileSync(
        krb5Conf,
        `[libdefaults]\ndefault_realm = S.TEST\n[realms]\nS.TEST = {\nkdc = ${address}:${port}\n}\n`,
      );
      env = { KRB5_CONFIG: krb5Conf, KRB5CCNAME: `FILE:${join(dir, 'cc')}` };
      expect(await ours(kinit, ['alice'], env, `${password}\n`)).toMatchObject({ status: 0 });
    });
    afterAll(() => samba?.stop());

    it.each(all.filter(([, protection]) => protection !== 'none'))(
      'our example searches in Active Directory, by %s with %s',
      async (mechanism, protection) => {
        const { status, stdout, stderr } = await search(mechanism, protection);
        expect([stderr, status]).toEqual(['', 0]);
        // Samba does not know the question who asks, and shows nothing to nobody.
        expect(stdout).toMatch(/^authorization: not told\n\{"dn":"DC=s,DC=test",/);
      },
    );

    it.each(mechanisms)('our example learns that Active Directory wants a layer, by %s', async mechanism => {
      const { status, stderr } = await search(mechanism, 'none');
      expect([status, stderr]).toEqual([1, expect.stringMatching(/refuses the bind \(8\)|no layer/)]);
    });

    function search(mechanism: string, protection: string) {
      return runExample('ldap', [`ldap://${samba.address}`, 'DC=s,DC=test', mechanism, protection], env);
    }
  });
});
