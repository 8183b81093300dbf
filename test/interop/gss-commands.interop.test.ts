import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ran, runBuilt, startBuilt } from '../support/built-commands.ts';
import { type GssServer, startGssServer } from '../support/gss-sample.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { describePeer } from '../support/peers.ts';

// krb5kit present --gss and serve --gss, with MIT's gss-server and gss-client.

describePeer('gss-sample-pair', () => {
  let kdc: MitKdc;
  let server: GssServer;

  beforeAll(async () => {
    kdc = await startMitKdc({ libdefaults: ['forwardable = true'] });
    const { status, stderr } = await kdc.run('kinit', ['alice'], 'alicepw\n');
    expect([status, stderr]).toEqual([0, '']);
    server = await startGssServer('host@localhost', kdc.env);
  });
  afterAll(async () => {
    await server?.stop();
    await kdc?.stop();
  });

  function present(port: number, args: readonly string[], env = kdc.env): Promise<Ran> {
    const all = ['present', '--gss', 'host@localhost', '--port', `${port}`, ...args];
    return runBuilt('krb5kit', all, { env: { ...env, HOME: kdc.dir } });
  }

  describe.each([[[]], [['--mech', 'spnego']]])('present --gss %j', mechanism => {
    it.each([
      [[], 'mutual authentication, replay detection', 'Sent 1 message of 5 bytes, sealed'],
      [['--no-mutual'], ', replay detection', 'Sent 1 message of 5 bytes, sealed'],
      [['--delegate'], 'mutual authentication, delegation', 'Sent 1 message of 5 bytes, sealed'],
      [['--no-seal', '-m', '3'], 'mutual authentication', 'Sent 3 messages of 5 bytes, signed'],
      [['--text', 'Grüße aus dem Test', '-m', '2'], 'mutual', 'Sent 2 messages of 20 bytes, sealed'],
    ])('is served by gss-server: %j', async (args, context, sent) => {
      const { status, stdout, stderr } = await present(server.port, [...mechanism, ...args]);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain('Presented alice@A.TEST to host/localhost@A.TEST\n');
      expect(stdout).toContain(context);
      expect(stdout).toContain(`${sent}: the service has vouched for each\n`);
      await expect.poll(() => server.output()).toContain('Accepted connection: "alice@A.TEST"');
    });
  });

  it('present --gss needs no login where the client keytab has keys, as gss-client', async () => {
    const env = { ...kdc.env, KRB5CCNAME: `FILE:${join(kdc.dir, 'by-keytab')}` };
    const { status, stdout, stderr } = await present(server.port, [], env);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('Presented alice@A.TEST');
    const again = ['-port', `${server.port}`, 'localhost', 'host@localhost', 'again'];
    const theirs = await kdc.run('gss-client', again);
    expect(theirs.status).toBe(0);
    const none = {
      ...env,
      KRB5CCNAME: `FILE:${join(kdc.dir, 'none')}`,
      KRB5_CLIENT_KTNAME: 'FILE:/nonexistent',
    };
    expect(await present(server.port, [], none)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('No credentials cache found'),
    });
  });

  it('http needs no login, either', async () => {
    const env = { ...kdc.env, HOME: kdc.dir, KRB5CCNAME: `FILE:${join(kdc.dir, 'http-by-keytab')}` };
    const service = await startBuilt('krb5kit', ['serve', '--http', '--port', '0'], env, /port (\d+),/);
    const url = `http://localhost:${service.captured}/`;
    const { status, stdout, stderr } = await runBuilt('krb5kit', ['http', url], { env });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ client: 'alice@A.TEST', server: 'HTTP/localhost@A.TEST' });
    expect(await service.stop()).toBe(0);
  });

  it.each([
    [[], 'mutual authentication, session key aes256-cts', '1 message of 5 bytes, 1 sealed'],
    [['-spnego'], 'mutual authentication', '1 message of 5 bytes, 1 sealed'],
    [['-nomutual'], 'one-way authentication', '1 message of 5 bytes, 1 sealed'],
    [['-d'], 'delegated krbtgt/A.TEST@A.TEST', '1 message of 5 bytes, 1 sealed'],
    [['-seq', '-noreplay'], 'mutual', '1 message of 5 bytes, 1 sealed'],
    [['-nx'], 'mutual', '1 message of 5 bytes, 0 sealed'],
    [['-nw'], 'mutual', '1 message of 5 bytes, 0 sealed'],
    [['-nm', '-mcount', '4'], 'mutual', '4 messages of 20 bytes, 4 sealed'],
  ])('serve --gss serves gss-client %j', async (args, how, talk) => {
    const env = { ...kdc.env, HOME: kdc.dir };
    const argv = ['serve', '--gss', '--service', 'host', '--port', '0', '--once'];
    const service = await startBuilt('krb5kit', argv, env, /port (\d+),/);
    const theirs = ['-port', service.captured, ...args, 'localhost', 'host@localhost', 'hello'];
    const { status, stdout } = await kdc.run('gss-client', theirs);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/Signature verified|Response received/)]);
    expect(await service.stop('SIGCONT')).toBe(0);
    expect(service.output).toContain('alice@A.TEST to host/localhost@A.TEST from 127.0.0.1, ');
    expect(service.output).toContain(how);
    expect(service.output).toContain(talk);
  });

  it('serve --gss refuses gss-client where it does not say who it is', async () => {
    const env = { ...kdc.env, HOME: kdc.dir };
    const argv = ['serve', '--gss', '--service', 'host', '--port', '0', '--once'];
    const service = await startBuilt('krb5kit', argv, env, /port (\d+),/);
    await kdc.run('gss-client', [
      '-port',
      service.captured,
      '-na',
      '-nw',
      '-nx',
      '-nm',
      'localhost',
      'host@localhost',
      'x',
    ]);
    expect(await service.stop('SIGCONT')).toBe(1);
    expect(service.output).toContain('refused a client from 127.0.0.1: ');
  });
});
