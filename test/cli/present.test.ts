import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kdc } from '../../src/cli/kdc.ts';
import { kinit } from '../../src/cli/kinit.ts';
import { present } from '../../src/cli/present.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { ApRep, EncApRepPart } from '../../src/messages/ap.ts';
import { KU_AP_REP } from '../../src/messages/numbers.ts';
import { seal, toKey } from '../../src/messages/seal.ts';
import { makeCredential } from '../ap/made-up.ts';
import { captureIo } from '../support/io.ts';
import { runAt } from './caches.ts';
import { Lab, startCommand } from './service.ts';

let lab: Lab;

beforeEach(() => {
  lab = new Lab();
});

afterEach(() => lab.close());

it('tells whose ticket it presented to whom, and what the service has proved and said', async () => {
  const { port } = await lab.serve();
  const { status, io } = await lab.present(port);
  expect([status, io.stderr]).toEqual([0, '']);
  expect(io.stdout).toBe(
    'Presented alice@A.TEST to sample/localhost@A.TEST\n' +
      'Ticket: aes256-cts-hmac-sha1-96, session key: aes256-cts-hmac-sha1-96, valid until 03/01/26 13:00:00\n' +
      'Mutual authentication: the service has proved that it holds its key\n' +
      'It says: You are alice@A.TEST\n',
  );
});

describe('with a KDC', () => {
  it('gets the ticket, keeps it, and uses it again when the KDC is gone', async () => {
    const { env, stop } = await startRealm();
    const { port } = await lab.serve(['-k', join(lab.folder, 'keys')], { now: () => new Date() });
    const first = await run(env, `sample@localhost`, '--port', `${port}`);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    await stop();
    expect(await run(env, 'sample@localhost', '-p', `${port}`)).toEqual(first);
    expect(await run(env, 'HTTP@localhost', '-p', `${port}`)).toEqual({
      status: 1,
      stdout: '',
      stderr:
        "krb5kit present: Cannot contact any KDC for realm 'LAB.TEST' while getting credentials for HTTP/localhost@LAB.TEST\n",
    });
  });

  it('says that the KDC does not know the service', async () => {
    const { env, stop } = await startRealm();
    expect(await run(env, 'nobody@localhost', '-p', '1')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'krb5kit present: Server nobody/localhost@LAB.TEST not found in Kerberos database while getting credentials for nobody/localhost@LAB.TEST\n',
    });
    await stop();
  });

  it('logs in by the client keytab if it has to, and says so if that fails', async () => {
    const { env, stop } = await startRealm();
    const { port } = await lab.serve(['-k', join(lab.folder, 'keys')], { now: () => new Date() });
    const presentWith = (changes: object) => run({ ...env, ...changes }, 'sample@localhost', '-p', `${port}`);
    const keys = { KRB5_CLIENT_KTNAME: `FILE:${lab.folder}/keys` };
    const { status, stdout } = await presentWith({ ...keys, KRB5CCNAME: `FILE:${lab.folder}/new` });
    expect(stdout).toMatch(/^Presented sample\/localhost@LAB.TEST to /);
    expect([status, (await presentWith({ KRB5_CLIENT_KTNAME: 'BOGUS:keys' })).status]).toEqual([0, 0]);
    await stop();
    expect(await presentWith({ ...keys, KRB5CCNAME: `FILE:${lab.folder}/other` })).toEqual({
      status: 1,
      stdout: '',
      stderr:
        "krb5kit present: Cannot contact any KDC for realm 'LAB.TEST' while getting a ticket by the client keytab\n",
    });
  });

  /** A realm with alice, who has logged in. */
  async function startRealm() {
    const conf = join(lab.folder, 'realm.conf');
    const argv = ['--realm', 'LAB.TEST', '--user', 'alice:alicepw', '--service', 'sample/localhost'];
    const files = ['--keytab', join(lab.folder, 'keys'), '--krb5-conf', conf];
    const realm = await startCommand(kdc, [...argv, ...files], { env: lab.env, ready: /ready on/ });
    const env = { ...lab.env, KRB5_CONFIG: conf, KRB5CCNAME: `MEMORY:${lab.folder}` };
    expect(await runCommand(kinit, ['alice'], captureIo({ env, stdin: 'alicepw\n' }))).toBe(0);
    const stop = (): Promise<number> => {
      realm.io.stop();
      return realm.ended;
    };
    return { env, stop };
  }

  async function run(env: Readonly<Record<string, string>>, ...argv: readonly string[]) {
    const io = captureIo({ env });
    const status = await runCommand(present, argv, io);
    return { status, stdout: io.stdout, stderr: io.stderr };
  }
});

describe('does not believe a service that', () => {
  const credential = makeCredential();
  const goOn = Buffer.from([0]);
  const accepted = Buffer.alloc(4);
  const text = Buffer.concat([Buffer.from([0, 10]), Buffer.from('You are x\n')]);
  const cases: readonly [string, readonly Buffer[], RegExp][] = [
    [
      'seals its answer with another key',
      [goOn, accepted, apRep(randomKey(18)), text],
      /Decrypt integrity check failed|Mutual authentication failed/,
    ],
    [
      'answers another request',
      [goOn, accepted, apRep(toKey(credential.key)), text],
      /Mutual authentication failed/,
    ],
    ['leaves its proof out', [goOn, accepted, Buffer.alloc(4), text], /./],
    ['sends its text at once', [goOn, accepted, text], /The connection was closed|bytes where/],
    ['hangs up', [goOn], /The connection (was closed|broke)/],
    [
      'does not know the protocol',
      [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
      /Bad response \(during sendauth exchange\)/,
    ],
    ['wants another version', [Buffer.from([2])], /Bad application version was sent \(via sendauth\)/],
    ['answers with noise', [goOn, framed(Buffer.alloc(100, 0x7e))], /./],
  ];

  it.each(cases)('%s', async (_, pieces, sentence) => {
    const port = await lab.listen(talking(pieces));
    const { status, io } = await lab.present(port, credential);
    expect([status, io.stdout]).toEqual([1, '']);
    const told = new RegExp(
      `^krb5kit present: ([^\\n]+) while presenting the ticket to localhost:${port}\\n$`,
    ).exec(io.stderr)?.[1];
    expect(told).toMatch(sentence);
    expect(told).not.toContain('Internal error');
  });

  it('says nothing, once it is told to give up', async () => {
    const port = await lab.listen(socket => socket.resume());
    const signal = AbortSignal.timeout(50);
    expect(await lab.present(port, credential, { signal })).toMatchObject({ status: 1 });
  });

  /** A server that sends a piece for each that it gets, and hangs up. */
  function talking(pieces: readonly Buffer[]): (socket: Socket) => void {
    return socket => {
      socket.on('error', () => undefined);
      const [first, ...rest] = pieces;
      socket.once('data', () => {
        socket.write(first!);
        socket.once('data', () => socket.end(Buffer.concat(rest)));
      });
    };
  }

  function apRep(key: ReturnType<typeof randomKey>): Buffer {
    const part: EncApRepPart = { ctime: new Date(0), cusec: 1, subkey: undefined, seqNumber: undefined };
    return framed(Buffer.from(ApRep.encode({ encPart: seal(EncApRepPart, part, key, KU_AP_REP) })));
  }

  function framed(message: Buffer): Buffer {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    return Buffer.concat([length, message]);
  }
});

it('says that nobody listens', async () => {
  const { io } = await lab.serve().then(async ({ port, io, ended }) => {
    io.stop();
    await ended;
    return lab.present(port);
  });
  expect(io.stderr).toMatch(
    /^krb5kit present: Connection refused while presenting the ticket to localhost:\d+\n$/,
  );
});

it('says that there are no tickets', async () => {
  const env = { ...lab.env, KRB5CCNAME: `FILE:${lab.folder}/none` };
  const { status, io } = await runAt(lab.folder, present, ['sample@localhost'], { env });
  expect([status, io.stderr]).toEqual([
    1,
    `krb5kit present: No credentials cache found (filename: ${lab.folder}/none) while getting client principal name\n`,
  ]);
});

it.each([[[]], [['sample']], [['a@b', 'c@d']], [['@host']], [['a@b@c']], [['a@b', '--port', 'x']]])(
  'tells how it is used: %j',
  async argv => {
    const { status, io } = await runAt(lab.folder, present, argv, { env: lab.env });
    expect(status).toBe(2);
    expect(io.stderr).toMatch(/^krb5kit present: .*\nUsage: krb5kit present \[options\] SERVICE@HOST\n$/);
  },
);
