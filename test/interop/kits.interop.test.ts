import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Dovecot, startDovecot } from '../support/dovecot.ts';
import { runExample } from '../support/examples.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer, describeRoot } from '../support/peers.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';

let kdc: MitKdc;
const stops: (() => Promise<void>)[] = [];

async function startRealm(): Promise<void> {
  kdc = await startMitKdc();
  stops.push(kdc.stop);
  expect(await kdc.run('kinit', ['-f', 'alice'], 'alicepw\n')).toMatchObject({ status: 0 });
}

async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

describePeer('dovecot', () => {
  describeRoot('Dovecot as root', () => {
    let dovecot: Dovecot;
    beforeAll(async () => {
      await startRealm();
      dovecot = await startDovecot(kdc);
      stops.push(dovecot.stop);
    });
    afterAll(stopAll);

    it.each(['GSSAPI', 'GSS-SPNEGO'])('our example looks into the inbox, by %s', async mechanism => {
      const { status, stdout, stderr } = await runExample('imap', args(mechanism), kdc.env);
      expect([stderr, status], dovecot.log()).toEqual(['', 0]);
      expect(stdout).toContain('* 0 EXISTS\n');
      // Written by a process of its own.
      await expect.poll(dovecot.log).toContain(`user=<alice>, method=${mechanism}`);
    });

    it('our example acts as itself, and not as another', async () => {
      expect(await runExample('imap', args('GSSAPI', 'alice'), kdc.env)).toMatchObject({ status: 0 });
      const { status, stderr } = await runExample('imap', args('GSSAPI', 'bob'), kdc.env);
      expect([status, stderr]).toEqual([1, expect.stringContaining('AUTHENTICATIONFAILED')]);
    });

    function args(...more: readonly string[]): readonly string[] {
      return ['localhost', `${dovecot.port}`, ...more];
    }
  });
});

describePeer('postgres', () => {
  let postgres: Postgres;
  beforeAll(async () => {
    await startRealm();
    postgres = await startPostgres(kdc);
    stops.push(postgres.stop);
  });
  afterAll(stopAll);

  it.each([
    ['encrypt', true],
    ['authenticate', false],
  ])('our example asks by way of pg, which is to %s', async (mode, encrypted) => {
    const { status, stdout, stderr } = await runExample('postgres', [urlFor('alice'), mode], kdc.env);
    expect([stderr, status], postgres.log()).toEqual(['', 0]);
    const [row, echo] = stdout.split('\n');
    expect(JSON.parse(row!)).toEqual({
      current_user: 'alice',
      gss_authenticated: true,
      principal: 'alice@A.TEST',
      encrypted,
    });
    expect(echo).toBe('true');
  });

  it.each(['encrypt', 'authenticate'])(
    'our example is not taken for another, when it is to %s',
    async mode => {
      const { status, stderr } = await runExample('postgres', [urlFor('bob'), mode], kdc.env);
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining('GSSAPI authentication failed for user "bob"'),
      ]);
    },
  );

  function urlFor(user: string): string {
    return `postgres://${user}@localhost:${postgres.port}/postgres`;
  }
});

describePeer('sshd', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    await startRealm();
    sshd = await startSshd(kdc);
    stops.push(sshd.stop);
  });
  afterAll(stopAll);

  it('our example runs a command by way of ssh2', async () => {
    const { status, stdout, stderr } = await runExample('ssh', args('echo here; exit 3'), kdc.env);
    expect([stderr, status, stdout], sshd.log()).toEqual(['', 3, 'here\n']);
    await expect.poll(sshd.log).toContain(`Accepted gssapi-with-mic for ${sshd.user}`);
  });

  it('our example delegates, when told to', async () => {
    const { stdout } = await runExample('ssh', args('klist', 'delegate'), kdc.env);
    expect(stdout, sshd.log()).toMatch(/alice@A\.TEST.*krbtgt\/A\.TEST@A\.TEST/s);
    expect((await runExample('ssh', args('echo "<$KRB5CCNAME>"'), kdc.env)).stdout).toBe('<>\n');
  });

  it('our example is not let in as somebody whom it may not be', async () => {
    const env = { ...kdc.env, KRB5CCNAME: `FILE:${kdc.dir}/other` };
    await kdc.run('kinit', ['-c', `${kdc.dir}/other`, 'nopreauth'], 'nopre\n');
    const { status, stderr } = await runExample('ssh', args('true'), env);
    expect([status, stderr]).toEqual([1, expect.stringContaining('authentication methods failed')]);
  });

  it('our example does not talk to a host with another key', async () => {
    const [target, port] = args('');
    const { status, stderr } = await runExample('ssh', [target!, port!, 'SHA256:else', 'true'], kdc.env);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/host/i)]);
  });

  function args(...more: readonly string[]): readonly string[] {
    return [`${sshd.user}@localhost`, `${sshd.port}`, sshd.fingerprint, ...more];
  }
});
