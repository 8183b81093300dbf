import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Daemon, type Ran, runBuilt, startBuilt } from '../support/built-commands.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

// krb5kit serve --gss --iakerb, and its clients, whose configuration names no KDC that listens.

describePeer('gss-sample-pair', () => {
  let kdc: MitKdc;
  let service: Daemon;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    kdc = await startMitKdc({ libdefaults: ['forwardable = true'] });
    env = { ...kdc.env, HOME: kdc.dir, KRB5_CLIENT_KTNAME: 'FILE:/nonexistent' };
    const near = join(kdc.dir, 'near.conf');
    copyFileSync(kdc.krb5Conf, near);
    const argv = ['serve', '--gss', '--iakerb', '--service', 'host', '--port', '0'];
    service = await startBuilt('krb5kit', argv, { ...env, KRB5_CONFIG: near }, /port (\d+),/);
    // Nothing listens on port 1.
    const far = readFileSync(near, 'utf8').replaceAll(/(127\.0\.0\.1|localhost):\d+/g, '127.0.0.1:1');
    writeFileSync(kdc.krb5Conf, far);
  });
  afterAll(async () => {
    await service?.stop();
    await kdc?.stop();
  });

  function present(args: readonly string[], input = ''): Promise<Ran> {
    const argv = ['present', '--gss', 'host@localhost', '--port', service.captured, ...args];
    return runBuilt('krb5kit', argv, { env, input });
  }

  it('present logs in through the service, which tells of it', async () => {
    const { status, stdout, stderr } = await present(['--mech', 'iakerb', '--user', 'alice'], 'alicepw\n');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Password for alice@A\.TEST: \nPresented alice@A\.TEST to host\/localhost@A\.TEST\nContext: iakerb, mutual/,
    );
    await expect.poll(() => service.output).toContain('alice@A.TEST to host/localhost@A.TEST from 127.0.0.1');
  });

  it('present leaves the tickets in the cache that it was given, which serves its owner alone', async () => {
    const cache = `FILE:${join(kdc.dir, 'through')}`;
    const through = ['--mech', 'iakerb', '-c', cache];
    const login = await present([...through, '--user', 'alice', '--delegate'], 'alicepw\n');
    expect([login.status, login.stderr]).toEqual([0, '']);
    expect(login.stdout).toContain('delegation');
    const { stdout } = await kdc.run('klist', ['-c', cache]);
    expect(stdout).toMatch(/krbtgt\/A\.TEST@A\.TEST[\s\S]*host\/localhost@A\.TEST/);
    const later = await present([...through, '--user', 'alice', '--json']);
    expect([later.status, later.stderr]).toEqual([0, '']);
    expect(JSON.parse(later.stdout)).toMatchObject({ client: 'alice@A.TEST', mechanism: '1.3.6.1.5.2.5' });
    const other = await present([...through, '--user', 'nopreauth'], 'nopre\n');
    expect([other.status, other.stderr]).toEqual([
      1,
      expect.stringContaining('are those of alice@A.TEST, not of nopreauth@A.TEST'),
    ]);
  });

  it.each([
    [['--mech', 'iakerb', '--user', 'alice'], 'Password incorrect while talking to localhost'],
    [['--mech', 'iakerb', '--user', 'nobody'], 'Client not found in Kerberos database'],
    [['--mech', 'iakerb', '--user', 'alice@B.TEST'], 'The IAKERB proxy could not find a KDC'],
    [['--mech', 'iakerb', '-c', 'MEMORY:empty'], 'No credentials cache found'],
    [['--user', 'alice'], "Cannot contact any KDC for realm 'A.TEST'"],
  ])('present says what is wrong: %j', async (args, sentence) => {
    const { status, stderr } = await present(args, 'wrong\n');
    expect([status, stderr]).toEqual([1, expect.stringContaining(sentence)]);
  });

  it.each([[['-iakerb']], [['-iakerb', '-nomutual']]])('serve lets gss-client %j log in', async args => {
    const login = ['-user', 'alice@A.TEST', '-pass', 'alicepw', '-port', service.captured];
    const theirs = [...args, ...login, 'localhost', 'host@localhost', 'hello'];
    const { status, stdout } = await kdc.run('gss-client', theirs);
    expect([status, stdout]).toEqual([0, expect.stringContaining('Signature verified')]);
  });
});
