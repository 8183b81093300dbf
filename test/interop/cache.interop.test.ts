import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { selectIdentity } from '../../src/ccache/identity.ts';
import { cache } from '../../src/cli/cache.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { klist } from '../../src/cli/klist.ts';
import { kvno } from '../../src/cli/kvno.ts';
import { openSession } from '../../src/cli/session.ts';
import { cacheForService } from '../../src/local/caches/identity-cache.ts';
import { cachesAround } from '../../src/local/caches/named-caches.ts';
import { decodeKrbCred } from '../../src/messages/krb-cred.ts';
import { formatPrincipal, hostBasedPrincipal } from '../../src/messages/principal.ts';
import { EncKrbCredPart, KrbCred } from '../../src/messages/safe-priv-cred.ts';
import { type Environment, ours, theirs } from '../support/both-programs.ts';
import { captureIo } from '../support/io.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { mitReadKirbi, mitWriteKirbi } from '../support/mit-kirbi.ts';
import { describePeer, findProgram } from '../support/peers.ts';

let kdc: MitKdc;
let env: Environment;
let number = 0;
beforeAll(async () => {
  kdc = await startMitKdc({
    principals: ['addprinc -pw bobpw bob', 'addprinc -randkey -requires_preauth krbtgt/B.TEST'],
  });
  env = { ...kdc.env, HOME: join(kdc.dir, 'home'), KRB5KIT_HOME: join(kdc.dir, 'data') };
  mkdirSync(env.HOME!);
});
afterAll(() => kdc?.stop());

/** The path of a cache that is not there yet. */
const fresh = (): string => join(kdc.dir, `cc${number++}`);

describePeer('mit-sample', () => {
  it.each(['-f -p -r 20d', '-a', '-l 5m -s 1h -r 2d', '-S host/localhost'])(
    'the tickets of kinit %s pass between us and the reference implementation by KRB-CRED',
    async line => {
      const [path, imported, theirImported, kirbi] = [fresh(), fresh(), fresh(), fresh()];
      const said = theirs(kinit, [...line.split(' '), '-c', path, 'alice'], env, 'alicepw\n');
      expect(said).toMatchObject({ status: 0 });
      if (line === '-f -p -r 20d') theirs(kvno, ['-c', path, 'host/localhost', 'HTTP/localhost'], env);

      const theirKirbi = mitWriteKirbi(path);
      await ours(cache, ['export', '-c', path, kirbi], env);
      const ourKirbi = readFileSync(kirbi);
      expect(ticketsAndInfo(ourKirbi)).toEqual(ticketsAndInfo(theirKirbi));

      mitReadKirbi(ourKirbi, theirImported);
      const piped = Buffer.from(theirKirbi).toString('base64');
      expect(await ours(cache, ['import', '-q', '-', imported], env, piped)).toMatchObject({ status: 0 });
      expect(readFileSync(imported)).toEqual(readFileSync(theirImported));
      const listed = [path, imported].map(name =>
        theirs(klist, ['-fea', name], env).stdout.split('\n').slice(1),
      );
      expect(listed[1]).toEqual(listed[0]);
      expect(decodeKrbCred(ourKirbi)).toEqual(decodeKrbCred(theirKirbi));
    },
  );

  /** All but the time at which it was written, which theirs tells. */
  function ticketsAndInfo(kirbi: Uint8Array) {
    const { tickets, encPart } = KrbCred.decode(Uint8Array.from(kirbi));
    return { tickets, etype: encPart.etype, info: EncKrbCredPart.decode(encPart.cipher).ticketInfo };
  }
});

describePeer('mit-kdc', () => {
  it.each([
    ['-S krbtgt/B.TEST', '-S krbtgt/B.TEST'],
    ['-r 1d -S krbtgt/B.TEST', '-R -S krbtgt/B.TEST'],
    ['-r 1d', '-R'],
  ])(
    'kinit %s and then %s notes the start realm as the reference implementation does',
    async (first, second) => {
      const notes = [];
      for (const run of [ours, async (...call: Parameters<typeof theirs>) => theirs(...call)]) {
        const path = fresh();
        for (const line of [first, second]) {
          expect(await run(kinit, [...line.split(' '), '-c', path, 'alice'], env, 'alicepw\n')).toMatchObject(
            {
              status: 0,
            },
          );
          const { stdout } = theirs(klist, ['-C', path], env);
          notes.push(stdout.split('\n').filter(text => text.startsWith('config: ')));
        }
      }
      // They differ in the pre-authentication that they choose.
      const withoutChoice = notes.map(lines => lines.map(text => text.replace(/(pa_type.* =) \d+/, '$1')));
      expect(withoutChoice.slice(0, 2)).toEqual(withoutChoice.slice(2));
      const noted = notes.every(lines => lines.includes('config: start_realm = B.TEST'));
      expect(noted).toBe(first.includes('B.TEST'));
    },
  );
});

describePeer('gss-samples', () => {
  let server: Server;
  let port: number;
  beforeAll(async () => {
    // What comes of the ticket is of no interest, only whose it is.
    server = createServer(socket => socket.on('error', () => undefined).once('data', () => socket.destroy()));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
    env = { ...env, KRB5CCNAME: `DIR:${join(kdc.dir, 'collection')}` };
    for (const [name, password] of [
      ['bob', 'bobpw'],
      ['alice', 'alicepw'],
    ] as const) {
      await ours(kinit, [name], env, `${password}\n`);
    }
  });
  afterAll(() => void server?.close());

  it.each([
    '',
    'bob@A.TEST host=localhost',
    'bob host=LOCALHOST',
    'bob host=local*',
    'bob service=ho?t',
    'bob service=[a-i]*',
    'bob service=[!a-i]*',
    'bob realm=A.TEST',
    'bob realm=B*\nbob realm=*',
    'bob',
    'bob colour=red',
    'bob host',
    'nobody host=*\nbob host=*',
    '  # x\n\n   bob   service=host   host=localhost',
    'bob@B.TEST host=*',
    'a@b@c host=*\nbob host=*',
    'bob host=localhost\r',
  ])('with %j in .k5identity we choose the client that the reference implementation does', async rules => {
    writeFileSync(join(env.HOME!, '.k5identity'), `${rules}\n`);
    const trace = fresh();
    const { stderr } = await runGss(trace);
    const [, theirChoice] = /ccselect .*client principal (\S+) for/.exec(readFileSync(trace, 'utf8')) ?? [];
    const session = openSession(captureIo({ env, uid: 0 }));
    const host = hostBasedPrincipal('host', 'localhost', 'A.TEST');
    const options = { rules, defaultRealm: 'A.TEST' };
    const chosen = await selectIdentity(host, await cachesAround(undefined, session), options);
    expect(chosen && formatPrincipal(chosen.client)).toBe(theirChoice);
    expect(chosen?.cache === undefined).toBe(/Can't find client principal/.test(stderr));
  });

  it.each(['bob realm=OTHER.TEST', 'bob realm=A.TEST', 'bob host=*'])(
    'with %j, a host whose realm is not configured has the realm that the reference implementation tries',
    async rules => {
      writeFileSync(join(env.HOME!, '.k5identity'), `${rules}\n`);
      const trace = fresh();
      await runGss(trace, 'host@web.other.test');
      const [, theirChoice] = /ccselect .*client principal (\S+) for/.exec(readFileSync(trace, 'utf8')) ?? [];
      const session = openSession(captureIo({ env, uid: 0 }));
      const chosen = await cacheForService(
        undefined,
        hostBasedPrincipal('host', 'web.other.test', ''),
        session,
      );
      // The primary cache is that of alice.
      expect(formatPrincipal((await chosen.load()).principal)).toBe(theirChoice ?? 'alice@A.TEST');
      expect(theirChoice === undefined).toBe(rules.includes('A.TEST'));
    },
  );

  async function runGss(trace: string, service = 'host@localhost') {
    const argv = ['-port', String(port), 'localhost', service, 'x'];
    const child = spawn(findProgram('gss-client')!, argv, {
      env: { ...env, KRB5_TRACE: trace },
      timeout: 10_000,
    });
    let stderr = '';
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', text => {
        stderr += text;
      });
    }
    await new Promise(resolve => child.once('close', resolve));
    return { stderr };
  }
});
