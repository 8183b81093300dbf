import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningKdc, type StartKdcOptions, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { runPeer } from '../support/peer-client.ts';
import { describePeer } from '../support/peers.ts';

const REALM = 'LAB.TEST';

let folder: string;
let kdc: RunningKdc;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});

afterEach(async () => {
  await kdc.close();
  rmSync(folder, { recursive: true });
});

/** A realm with alice, a service and a keytab of both; `libdefaults` goes into the clients' krb5.conf. */
async function start(options: Partial<StartKdcOptions> = {}, libdefaults = ''): Promise<void> {
  kdc = await startKdc({
    realm: REALM,
    users: [{ name: 'alice', password: 'wonderland' }],
    services: ['host/localhost', { name: 'kadmin/changepw', passwordChangeService: true }],
    ...options,
  });
  const conf = kdc.krb5Conf().replace('[libdefaults]\n', `[libdefaults]\n${libdefaults}\n`);
  writeFileSync(join(folder, 'krb5.conf'), conf);
  await resolveKeytab(join(folder, 'keytab')).add(kdc.keytab('alice', 'host/localhost'));
}

const native = (...words: string[]) => runPeer(folder, words);
const login = (...args: string[]) => runPeer(folder, ['kinit', ...args], { input: 'wonderland\n' });
const inFolder = (name: string): string => join(folder, name);

describePeer('mit-client', () => {
  describe.each([
    ['UDP', '', /Sending initial UDP request to dgram 127\.0\.0\.1/, /TCP request/],
    ['TCP', 'udp_preference_limit = 1', /Sending TCP request to stream 127\.0\.0\.1/, /UDP request/],
  ])('over %s', (_, libdefaults, expected, unexpected) => {
    it('logs in with a password, gets a service ticket that a keytab opens, and forgets both', async () => {
      await start({}, libdefaults);
      expect(await login('alice')).toMatchObject({ status: 0 });
      const ticket = await native('kvno', '-k', inFolder('keytab'), 'host/localhost');
      expect(ticket).toEqual({
        status: 0,
        output: `host/localhost@${REALM}: kvno = 1, keytab entry valid\n`,
      });
      expect((await native('klist')).output).toContain(`host/localhost@${REALM}`);
      expect(await native('kdestroy')).toEqual({ status: 0, output: '' });
      const trace = readFileSync(inFolder('trace'), 'latin1');
      expect(trace).toMatch(expected);
      expect(trace).not.toMatch(unexpected);
    });
  });

  it('comes again by TCP for what does not fit a datagram', async () => {
    await start({ maxDatagramReply: 300 });
    expect(await login('alice')).toMatchObject({ status: 0 });
    expect(readFileSync(inFolder('trace'), 'latin1')).toMatch(
      /Request or response is too big for UDP; retrying with TCP/,
    );
  });

  it.each([
    [17, 'aes128-cts-hmac-sha1-96'],
    [18, 'aes256-cts-hmac-sha1-96'],
    [19, 'aes128-cts-hmac-sha256-128'],
    [20, 'aes256-cts-hmac-sha384-192'],
    [25, 'camellia128-cts-cmac'],
    [26, 'camellia256-cts-cmac'],
  ])('speaks enctype %i', async (etype, name) => {
    await start({ enctypes: [etype] });
    expect(await login('alice')).toMatchObject({ status: 0 });
    expect(await native('kvno', '-k', inFolder('keytab'), 'host/localhost')).toMatchObject({ status: 0 });
    const { output } = await native('klist', '-e');
    expect(output.match(new RegExp(`Etype \\(skey, tkt\\): ${name}, ${name}`, 'g'))).toHaveLength(2);
  });

  it('makes the key as it is told', async () => {
    await start();
    const source = { password: 'wonderland', salt: 'sea salt', iterations: 50_000, enctypes: [20] };
    kdc.database.add(parsePrincipal('salty', { defaultRealm: REALM }), source);
    expect(await login('salty')).toMatchObject({ status: 0 });
  });

  it('logs in with a keytab', async () => {
    await start();
    expect(await native('kinit', '-k', '-t', inFolder('keytab'), 'alice')).toEqual({ status: 0, output: '' });
    expect(await native('kinit', '-k', '-t', inFolder('keytab'), 'host/localhost')).toMatchObject({
      status: 0,
    });
  });

  it('gets the life, the renewal and the flags it asks for', async () => {
    await start();
    expect(await login('-l', '1h', '-r', '2h', '-f', '-p', '-a', 'alice')).toMatchObject({ status: 0 });
    expect((await native('klist', '-f')).output).toMatch(/renew until .*, Flags: FPRIA/);
    expect((await login('-l', '5m', '-F', '-P', 'alice')).status).toBe(0);
    expect((await native('klist', '-f')).output).toMatch(/\tFlags: IA\n/);
  });

  it('renews its ticket', async () => {
    await start();
    await login('-r', '2d', 'alice');
    expect(await native('kinit', '-R')).toEqual({ status: 0, output: '' });
    await login('-l', '5m', '-r', '5m', 'alice');
    expect(await native('kinit', '-R')).toEqual({
      status: 1,
      output: "kinit: KDC can't fulfill requested option while renewing credentials\n",
    });
  });

  it('gets a postdated ticket and validates it when its time has come', async () => {
    await start();
    expect(await login('-s', '1h', 'alice')).toMatchObject({ status: 0 });
    expect((await native('klist', '-f')).output).toMatch(/Flags: .*di.*I/);
    expect(await native('kinit', '-v')).toMatchObject({
      status: 1,
      output: 'kinit: Ticket not yet valid while validating credentials\n',
    });
    expect(await login('-s', '2s', 'alice')).toMatchObject({ status: 0 });
    await new Promise(resolve => setTimeout(resolve, 2200));
    expect(await native('kinit', '-v')).toEqual({ status: 0, output: '' });
    expect(await native('kvno', 'host/localhost')).toMatchObject({ status: 0 });
  });

  it('asks for a service at once', async () => {
    await start();
    expect(await login('-S', 'host/localhost', 'alice')).toMatchObject({ status: 0 });
    expect((await native('klist')).output).toContain(`host/localhost@${REALM}`);
  });

  it('gets a ticket from user to user', async () => {
    await start({ users: ['alice', 'bob'].map(name => ({ name, password: 'wonderland' })) });
    await login('-c', inFolder('bob'), 'bob');
    await login('alice');
    const { status, output } = await native('kvno', '--u2u', inFolder('bob'), 'bob');
    expect([status, output]).toEqual([0, `bob@${REALM}: kvno = 0\n`]);
  });

  it('understands every refusal', async () => {
    const past = new Date(0);
    await start({
      users: [
        { name: 'alice', password: 'rabbit-hole' },
        { name: 'gone', password: 'x', expiration: past },
        { name: 'locked', password: 'x', locked: true },
        { name: 'modern', password: 'x', enctypes: [20] },
      ],
    });
    const wrong = 'while getting initial credentials\n';
    expect((await login('alice')).output).toContain(`kinit: Password incorrect ${wrong}`);
    expect((await login('nobody')).output).toBe(
      `kinit: Client 'nobody@${REALM}' not found in Kerberos database ${wrong}`,
    );
    expect((await login('gone')).output).toBe(`kinit: Client's entry in database has expired ${wrong}`);
    expect((await login('locked')).output).toBe(`kinit: Client's credentials have been revoked ${wrong}`);
    await native('kinit', '-k', '-t', inFolder('keytab'), 'alice');
    expect((await native('kvno', 'host/nowhere')).output).toBe(
      `kvno: Server host/nowhere@${REALM} not found in Kerberos database while getting credentials for host/nowhere@${REALM}\n`,
    );
  });

  it('goes to change a password that has expired', async () => {
    await start({ users: [{ name: 'alice', password: 'wonderland', passwordExpiration: new Date(0) }] });
    const { output } = await login('alice');
    expect(output).toContain('Password expired.  You must change it now.');
    expect(await login('-S', 'kadmin/changepw', 'alice')).toMatchObject({ status: 0 });
  });
});

// Debian's package gives its clients other names; a prefix of its own keeps the usual ones.
const heimdal = '/opt/heimdal/bin';

describePeer('heimdal-client', () => {
  it.each([
    [18, 'aes256-cts-hmac-sha1-96'],
    [20, 'aes256-cts-hmac-sha384-192'],
  ])('logs in, renews, and gets a service ticket with enctype %i', async (etype, name) => {
    await start({ enctypes: [etype] });
    writeFileSync(inFolder('password'), 'wonderland\n');
    const password = `--password-file=${inFolder('password')}`;
    const kinit = (...args: string[]) => native(join(heimdal, 'kinit'), ...args);
    expect(await kinit(password, '-l', '1h', '-r', '1d', 'alice')).toMatchObject({ status: 0 });
    expect(await kinit('-R')).toMatchObject({ status: 0 });
    expect(await native(join(heimdal, 'kgetcred'), `host/localhost@${REALM}`)).toMatchObject({ status: 0 });
    const { output } = await native(join(heimdal, 'klist'), '-v');
    expect(output).toContain(`Server: host/localhost@${REALM}`);
    expect(output).toContain(`Ticket etype: ${name}, kvno 1`);
  });

  it('knows a wrong password', async () => {
    await start();
    writeFileSync(inFolder('password'), 'looking-glass\n');
    const { status, output } = await native(
      join(heimdal, 'kinit'),
      `--password-file=${inFolder('password')}`,
      'alice',
    );
    expect([status, output]).toEqual([1, expect.stringContaining('Password incorrect')]);
  });
});
