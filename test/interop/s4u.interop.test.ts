import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { forwardCredential } from '../../src/client/forward.ts';
import { createConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/config/load.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { FORWARDABLE, FORWARDED } from '../../src/messages/flags.ts';
import { formatPrincipal, isTgs } from '../../src/messages/principal.ts';
import { createTransport } from '../../src/transport/transport.ts';
import { type Environment, ours, type Said, theirs } from '../support/both-programs.ts';
import { startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { startMitLdapKdc } from '../support/mit-ldap-kdc.ts';
import { describePeer } from '../support/peers.ts';

/** A realm with a service whose tickets both programs begin with. */
interface Realm {
  readonly dir: string;
  readonly keytab: string;
  readonly env: Environment;
  stop(): Promise<void>;
}

let realm: Realm;
let env: Environment;

describePeer('mit-kdc', () => describePeer('mit-client', mit));
describePeer('mit-ldap-kdc', () => describePeer('mit-client', mitOnLdap));
describePeer('heimdal-kdc', () => describePeer('mit-client', heimdal));

function mit(): void {
  begin('front/localhost', () =>
    startMitKdc({
      principals: [
        'addprinc -randkey -requires_preauth +ok_to_auth_as_delegate front/localhost',
        'modprinc -requires_preauth krbtgt/A.TEST',
        'addprinc -randkey -requires_preauth nodup/localhost',
        'modprinc -allow_dup_skey nodup/localhost',
        'addprinc -randkey -requires_preauth -allow_svr peer/localhost',
      ],
      libdefaults: ['forwardable = true', 'permitted_enctypes = aes'],
    }).then(kdc => {
      const services = 'front/localhost nodup/localhost peer/localhost';
      kdc.kadmin([`ktadd -norandkey -k ${kdc.keytab} ${services}`]);
      return kdc;
    }),
  );

  describe('both say the same to', () => {
    it.each([
      'kvno -U alice front/localhost',
      'kvno -I alice front/localhost',
      'kvno -q -I alice front/localhost',
      'kvno -I alice -k $D/service.keytab front/localhost',
      'kvno -I alice -e aes128-cts front/localhost',
      'kvno -I alice --no-store front/localhost',
      'kvno -I alice -S front localhost',
      'kvno -u -I alice front/localhost front/localhost',
      'kvno --cached-only -I alice front/localhost',
      'kvno -U nobody front/localhost',
      'kvno -I nobody front/localhost',
      'kvno -I dead front/localhost',
      'kvno -U alice@A.TEST front/localhost',
      'kvno -U a@b@c front/localhost',
      'kvno -I a@b@c front/localhost',
      'kvno -I alice@NOWHERE.TEST front/localhost',
      'kvno -I front/localhost front/localhost',
      'kvno -U front/localhost front/localhost',
      'kvno -I alice HTTP/localhost front/localhost',
      'kvno -P -I alice HTTP/localhost',
      'kvno -P -I alice nope/localhost',
      'kvno -P -I alice -k $D/service.keytab HTTP/localhost host/localhost',
      'kvno -P -I alice HTTP/localhost@NOWHERE.TEST',
      'kvno -F $D/nonexistent front/localhost',
      'kvno -F $D/krb5.conf front/localhost',
      'kvno -F $D/endless.pem front/localhost',
      'kvno -F $D/header.pem front/localhost',
      'kvno -F $D/base64.pem front/localhost',
      'kvno -I alice -F $D/user.pem front/localhost',
      'kvno --out-cache $D/out -I alice front/localhost',
      'kvno --u2u $D/peer peer/localhost',
      'kvno peer/localhost',
      'kvno --u2u $D/nodup nodup/localhost',
      'kvno --u2u $D/peer HTTP/localhost',
      'kvno --u2u $D/expired peer/localhost',
      'kvno --u2u $D/nonexistent peer/localhost',
      'kvno --u2u $D/krb5.conf peer/localhost',
      'kvno --u2u BOGUS:x peer/localhost',
      'kvno --cached-only --u2u $D/peer peer/localhost',
    ])('%s', line => expectSame(line));

    it.each([
      '-P x',
      '-P',
      '-U',
      '-F',
      '--u2u',
      '-I a',
      '--u2u a -U b x',
      '--u2u a -I b x',
      '--u2u a -F b x',
      '-P --u2u a x',
      '-u -S a -P x',
      '-h',
      '-q a@b@c',
    ])('kvno %s', options => expectSame(`kvno ${options}`));
  });

  it('the caches hold the same, to the second ticket', async () => {
    const lines = ['kvno -U alice front/localhost', 'kvno --u2u $D/peer peer/localhost'];
    for (const line of lines) {
      fresh();
      run(theirs, line);
      const expected = contents();
      fresh();
      await run(ours, line);
      expect(contents()).toEqual(expected);
    }
  });

  it('a ticket of ours is found by theirs, and one of theirs by ours', async () => {
    const line = 'kvno --cached-only -I alice front/localhost';
    fresh();
    await run(ours, 'kvno -I alice front/localhost');
    expect(run(theirs, line).status).toBe(0);
    fresh();
    run(theirs, 'kvno -I alice front/localhost');
    expect((await run(ours, line)).status).toBe(0);
  });

  it('a cached ticket serves its own user alone', async () => {
    fresh();
    await run(ours, 'kvno -I alice front/localhost');
    expect((await run(ours, 'kvno --cached-only -I nopreauth front/localhost')).status).toBe(1);
    expect((await run(ours, 'kvno --cached-only front/localhost')).status).toBe(1);
  });

  it('a user-to-user ticket is found again by ours, for the same peer alone', async () => {
    fresh();
    await run(ours, 'kvno --u2u $D/peer peer/localhost');
    expect((await run(ours, 'kvno --cached-only --u2u $D/peer peer/localhost')).status).toBe(0);
    expect((await run(ours, 'kvno --cached-only --u2u $D/nodup peer/localhost')).status).toBe(1);
    expect((await run(ours, 'kvno --cached-only peer/localhost')).status).toBe(1);
  });

  it('a ticket-granting ticket can be forwarded', forwards);

  it('a KDC that knows no certificates refuses both, and ours says more', async () => {
    const { our, their } = await both('kvno -F $D/user.pem front/localhost');
    expect([our.status, their.status]).toEqual([1, 1]);
    expect(their.stderr).toContain('Generic error (see e-text)');
    expect(our.stderr).toContain('KDC returned error string: LOOKING_UP_CLIENT');
  });
}

function mitOnLdap(): void {
  begin('front/localhost', startMitLdapKdc);

  it.each([
    'kvno -U alice front/localhost',
    'kvno -U alias front/localhost',
    'kvno -I alias front/localhost',
    'kvno -P -I alice HTTP/localhost',
    'kvno -P -U alice HTTP/localhost host/localhost HTTP/localhost',
    'kvno -P -I alice -k $D/service.keytab HTTP/localhost',
    'kvno -P -I alice -e aes128-cts HTTP/localhost',
    'kvno -P -I alice -S HTTP localhost',
    'kvno -P -I alice host/localhost',
    'kvno -P -I sensitive HTTP/localhost',
    'kvno -c $D/plain -P -I alice HTTP/localhost',
  ])('both say the same to %s', line => expectSame(line));

  it('the caches hold the same, to the evidence', async () => {
    fresh();
    run(theirs, 'kvno -P -I alice HTTP/localhost');
    const expected = contents();
    fresh();
    await run(ours, 'kvno -P -I alice HTTP/localhost');
    expect(contents()).toEqual(expected);
    expect(expected.at(-1)).toMatchObject({ client: 'alice@L.TEST', server: 'HTTP/localhost@L.TEST' });
  });

  it('a ticket-granting ticket can be forwarded', forwards);

  it('a delegated ticket is kept out of the cache where it shall be, unlike by theirs', async () => {
    fresh();
    await run(ours, 'kvno --out-cache $D/out -P -I alice HTTP/localhost');
    expect(contents()).toHaveLength(1);
    expect(contents('out')).toMatchObject([{ client: 'alice@L.TEST', server: 'HTTP/localhost@L.TEST' }]);
  });
}

function heimdal(): void {
  begin('front/localhost', async () => {
    const kdc = await startHeimdalKdc({
      principals: [
        'add --use-defaults -r --attributes=trusted-for-delegation front/localhost',
        'modify --constrained-delegation=HTTP/localhost@H.TEST front/localhost',
        'add --use-defaults -r peer/localhost',
      ],
      keys: ['front/localhost', 'peer/localhost'],
      libdefaults: ['forwardable = true'],
    });
    return { ...kdc, env: { ...kdc.env, PATH: '/usr/bin:/bin' } };
  });

  it.each([
    'kvno -U alice front/localhost',
    'kvno -I alice front/localhost',
    'kvno -U alice@H.TEST front/localhost',
    'kvno -I front/localhost front/localhost',
    'kvno -I nobody front/localhost',
    'kvno -U nobody front/localhost',
    'kvno -P -I alice HTTP/localhost',
    'kvno -P -I alice host/localhost',
    'kvno --u2u $D/peer peer/localhost',
    'kvno --u2u $D/peer HTTP/localhost',
    'kvno nope/localhost',
    'kvno -P -I alice nope/localhost',
  ])('both say the same to %s', line => expectSame(line));

  it('a ticket-granting ticket can be forwarded', forwards);
}

/** The ticket-granting ticket of the service, forwarded, gets tickets as the first one does. */
async function forwards(): Promise<void> {
  const { principal, credentials } = CcacheFile.decode(readFileSync(join(realm.dir, 'base')));
  const tgt = credentials.find(({ server }) => isTgs(server))!;
  const nobody = { uid: 0, euid: 0, username: 'nobody', temp: realm.dir };
  const config = createConfig(loadProfile([env.KRB5_CONFIG!]), nobody);
  const forwarded = await forwardCredential(tgt, { transport: createTransport(config) });
  expect(forwarded.flags & (FORWARDED | FORWARDABLE)).toBe(FORWARDED | FORWARDABLE);
  expect([forwarded.addresses, forwarded.endtime]).toEqual([[], tgt.endtime]);
  writeFileSync(join(realm.dir, 'cc'), CcacheFile.encode({ principal, credentials: [forwarded] }));
  expect(run(theirs, 'kvno HTTP/localhost')).toMatchObject({ status: 0, stderr: '' });
}

/** Starts a realm with the caches that the commands need: `base` of `service`, and others for their peers. */
function begin(service: string, start: () => Promise<Realm>): void {
  beforeAll(async () => {
    realm = await start();
    env = { ...realm.env, HOME: realm.dir, KRB5CCNAME: `FILE:${join(realm.dir, 'cc')}` };
    login('base', service);
    for (const name of ['peer', 'nodup', 'plain']) {
      const known = theirs(klist, ['-k', realm.keytab], env).stdout.includes(` ${name}/localhost@`);
      if (known) login(name, `${name}/localhost`);
    }
    if (theirs(klist, ['-k', realm.keytab], env).stdout.includes(' peer/')) {
      login('expired', 'peer/localhost', '-l', '-1');
    }
    const pem = (name: string, lines: string) =>
      writeFileSync(join(realm.dir, name), `text before\n-----BEGIN CERTIFICATE-----\n${lines}`);
    pem('user.pem', 'MAMC\n  AQc= \n-----END CERTIFICATE-----\n');
    pem('endless.pem', 'MAMCAQc=\n');
    pem('header.pem', 'Proc-Type: 4\n\nMAMCAQc=\n-----END CERTIFICATE-----\n');
    pem('base64.pem', 'MAMCAQ\n-----END CERTIFICATE-----\n');
  });
  afterAll(() => realm?.stop());
}

function login(cache: string, principal: string, ...options: readonly string[]): void {
  const argv = ['-c', join(realm.dir, cache), '-k', '-t', realm.keytab, ...options, principal];
  const { status, stderr } = theirs(kinit, argv, env);
  if (status !== 0) throw new Error(stderr);
}

async function expectSame(line: string): Promise<void> {
  const { our, their } = await both(line);
  expect(our).toEqual(their);
}

/** What both say, and how the stock klist shows the cache after it. */
async function both(line: string): Promise<{ our: Said; their: Said }> {
  const listing = () =>
    theirs(klist, ['-Cef'], env).stdout.replace(/\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d/g, 'TIME');
  fresh();
  const their = run(theirs, line);
  const theirCache = listing();
  fresh();
  const our = await run(ours, line);
  return {
    our: { ...our, stdout: our.stdout + listing() },
    their: { ...their, stdout: their.stdout + theirCache },
  };
}

function run<T>(
  program: (command: typeof kvno, argv: readonly string[], env: Environment) => T,
  line: string,
): T {
  const [, ...argv] = line.split(' ');
  const words = argv.map(word => word.replace('$D', realm.dir));
  return program(kvno, words, env);
}

function fresh(): void {
  copyFileSync(join(realm.dir, 'base'), join(realm.dir, 'cc'));
  rmSync(join(realm.dir, 'out'), { force: true });
}

/** What a cache holds, but for keys and tickets, of which the lengths must do. */
function contents(cache = 'cc') {
  const { credentials } = CcacheFile.decode(readFileSync(join(realm.dir, cache)));
  const tickets = credentials.filter(({ server }) => !server.realm.startsWith('X-CACHECONF'));
  return tickets.map(credential => {
    const { client, server, key, flags, starttime, secondTicket, isSkey } = credential;
    const evidence = tickets.find(({ ticket }) => Buffer.compare(ticket, secondTicket) === 0);
    return {
      client: formatPrincipal(client),
      clientType: client.nameType,
      server: formatPrincipal(server),
      serverType: server.nameType,
      keytype: key.keytype,
      flags,
      hasStart: starttime !== undefined,
      ticket: lengthWithoutStart(credential),
      secondTicket: evidence ? lengthWithoutStart(evidence) : secondTicket.length,
      isSkey,
    };
  });
}

/** MIT's KDC leaves the start, [6] KerberosTime of 19 bytes, out of a ticket in the very second of its authtime. */
function lengthWithoutStart({ authtime, starttime, ticket }: Credential): number {
  return ticket.length - (starttime! > authtime ? 19 : 0);
}
