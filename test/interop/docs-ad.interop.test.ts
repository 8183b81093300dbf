import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_KEYRINGS } from '../support/no-keyrings.ts';
import { describePeer } from '../support/peers.ts';
import { type Samba, startSamba } from '../support/samba.ts';

// test/docs.test.ts runs the pages with our own KDC; this is the one that is about another.

const root = join(import.meta.dirname, '../..');
const PASSWORD = 'Looking-glass1';

describePeer('samba', () => {
  let samba: Samba;
  let folder: string;
  beforeAll(async () => {
    samba = await startSamba({
      password: PASSWORD,
      users: [
        {
          name: 'alice',
          attributes: { userPrincipalName: 'alice@s.test', displayName: 'Alice Liddell' },
        },
        { name: 'svc-web' },
        { name: 'intranet', attributes: { servicePrincipalName: 'HTTP/intranet.s.test' } },
      ],
      keytab: ['HTTP/intranet.s.test'],
    });
    folder = mkdtempSync(join(tmpdir(), 'krb5kit-docs-'));
  });
  afterAll(async () => {
    await samba?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it('active-directory.md shows commands that work in a domain', { timeout: 120_000 }, () => {
    const page = readFileSync(join(root, 'docs/active-directory.md'), 'utf8');
    const script = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
      .map(([, text]) => text)
      .join('')
      .replaceAll('EXAMPLE.COM', samba.realm)
      .replaceAll('example.com', 's.test');
    copyFileSync(samba.keytab, join(folder, 'intranet.keytab'));
    writeFileSync(join(folder, 'web.password'), `${PASSWORD}\n`);
    const { address, port, passwordPort } = samba;
    const realm = `${samba.realm} = {\n  kdc = ${address}:${port}\n  kpasswd_server = ${address}:${passwordPort}\n }`;
    writeFileSync(
      join(folder, 'krb5.conf'),
      `[libdefaults]\n default_realm = ${samba.realm}\n[realms]\n ${realm}\n`,
    );
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-e', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      input: `${PASSWORD}\n${PASSWORD}\n`,
      env: {
        PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}`,
        ...NO_KEYRINGS,
        HOME: folder,
        KRB5_CONFIG: join(folder, 'krb5.conf'),
        KRB5CCNAME: 'FILE:krb5cc',
        KRB5KIT_HOME: join(folder, 'krb5kit'),
        KRB5KIT_KEYCHAIN: 'none',
      },
    });
    expect([status, stderr], stdout).toEqual([0, '']);
    expect(stdout).toMatch(/Default principal: alice@S\.TEST/);
    expect(stdout).toMatch(/HTTP\/intranet\.s\.test@S\.TEST: kvno = \d+/);
    expect(stdout).toMatch(/svc-web@S\.TEST \(aes256-cts-hmac-sha1-96\)/);
    expect(stdout).toContain('Alice Liddell');
  });
});
