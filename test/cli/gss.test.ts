import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { present } from '../../src/cli/present.ts';
import { serve } from '../../src/cli/serve.ts';
import { randomKey } from '../../src/crypto/key.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { later, makeCredential } from '../ap/made-up.ts';
import { until } from '../support/until.ts';
import { runAt } from './caches.ts';
import { dial, Lab } from './service.ts';

let lab: Lab;

beforeEach(() => {
  lab = new Lab();
});

afterEach(() => lab.close());

/** A service, and a visit of alice's to it. */
async function visit(...argv: readonly string[]) {
  const service = await lab.serve(['--gss', '--once']);
  const client = await lab.present(service.port, makeCredential(), { argv: ['--gss', ...argv] });
  return { client, service, ended: await service.ended };
}

describe('present --gss and serve --gss', () => {
  it('open a context and have a message vouched for, and tell of it', async () => {
    const { client, service, ended } = await visit();
    expect([client.status, client.io.stderr, ended]).toEqual([0, '', 0]);
    expect(client.io.stdout).toBe(
      'Presented alice@A.TEST to sample/localhost@A.TEST\n' +
        'Context: krb5, mutual authentication, replay detection, sequence, confidentiality, integrity, valid until 03/01/26 13:00:00\n' +
        'Sent 1 message of 5 bytes, sealed: the service has vouched for each\n',
    );
    expect(service.io.stdout.split('\n')[1]).toBe(
      'alice@A.TEST to sample/localhost@A.TEST from 127.0.0.1, mutual authentication, session key aes256-cts-hmac-sha1-96, until 03/01/26 13:00:00, 1 message of 5 bytes, 1 sealed',
    );
  });

  it.each<[readonly string[], RegExp, RegExp]>([
    [['--mech', 'spnego'], /^Context: spnego, mutual/m, /mutual authentication, .* 1 message /],
    [['--no-mutual'], /^Context: krb5, replay/m, /one-way authentication/],
    [['--no-seal', '--text', ''], /message of 0 bytes, signed/, /1 message of 0 bytes, 0 sealed/],
    [['-m', '3', '--text', 'héllo'], /3 messages of 6 bytes, sealed/, /3 messages of 18 bytes, 3 sealed/],
    [['--messages', '0'], /Sent 0 messages/, /0 messages of 0 bytes/],
    [['--delegate'], /^Presented/, /mutual/],
  ])('do as they are told: %j', async (argv, told, heard) => {
    const { client, service, ended } = await visit(...argv);
    expect([client.status, client.io.stderr, ended]).toEqual([0, '', 0]);
    expect(client.io.stdout).toMatch(told);
    expect(service.io.stdout).toMatch(heard);
  });

  it.each([
    ['Clock skew too great', makeCredential(), 400],
    ['Decrypt integrity check failed', makeCredential({ key: randomKey(18) }), 0],
    ["Ticket/authenticator don't match", makeCredential({ client: parsePrincipal('eve@A.TEST') }), 0],
  ])('both tell why the service refuses: %s', async (sentence, credential, seconds) => {
    const service = await lab.serve(['--gss']);
    const options = { now: () => later(seconds), argv: ['--gss'] };
    const { status, io } = await lab.present(service.port, credential, options);
    expect([status, io.stdout]).toEqual([1, '']);
    expect(io.stderr).toBe(`krb5kit present: ${sentence} while talking to localhost:${service.port}\n`);
    expect(await until(() => service.io.stderr || undefined)).toContain(
      `krb5kit serve: refused a client from 127.0.0.1: ${sentence}`,
    );
  });

  it.each([
    ['zeros', Buffer.alloc(64)],
    ['no context', Buffer.from([1, 0, 0, 0, 0])],
    ['a length beyond all bounds', Buffer.from([0x11, 0, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff])],
    ['a token that is noise', Buffer.from([0x11, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0x60, 1, 0])],
    ['a message before a context', Buffer.from([0x11, 0, 0, 0, 0, 4, 0, 0, 0, 1, 65])],
  ])('refuse in one line what is no client: %s', async (_, bytes) => {
    const service = await lab.serve(['--gss']);
    const client = await dial(service.port);
    client.write(bytes);
    client.end();
    await client.received;
    const line = await until(() => service.io.stderr || undefined);
    expect(line).toMatch(/^krb5kit serve: refused a client from 127\.0\.0\.1: [^\n]+\n$/);
    expect(line).not.toContain('Internal error');
    expect(await lab.present(service.port, makeCredential(), { argv: ['--gss'] })).toMatchObject({
      status: 0,
    });
  });

  it.each([
    ['hangs up', Buffer.alloc(0)],
    ['answers with noise', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['sends an empty token', Buffer.from([2, 0, 0, 0, 0])],
    ['claims a length beyond all bounds', Buffer.from([2, 0xff, 0xff, 0xff, 0xff])],
  ])('do not believe a service that %s', async (_, bytes) => {
    const port = await lab.listen(socket => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(bytes));
    });
    const { status, io } = await lab.present(port, makeCredential(), { argv: ['--gss'] });
    expect([status, io.stdout]).toEqual([1, '']);
    expect(io.stderr).toMatch(/^krb5kit present: [^\n]+ while talking to localhost:\d+\n$/);
    expect(io.stderr).not.toContain('Internal error');
  });
});

describe('a wrong command line is told of', () => {
  it.each([
    [['--gss', '--mech', 'ntlm'], '--mech must be "krb5", "spnego" or "iakerb", not "ntlm"'],
    [['--gss', '-m', 'many'], "'many' is not a number of messages"],
    [['--gss', '-m', '10001'], "'10001' is not a number of messages"],
    [['--mech', 'krb5'], '--mech requires --gss'],
    [['--no-seal'], '--no-seal requires --gss'],
    [['--user', 'bob'], '--user requires --gss'],
  ])('%j', async (argv, sentence) => {
    const { status, io } = await runAt(lab.folder, present, ['sample@localhost', ...argv], { env: lab.env });
    expect(status).toBe(2);
    expect(io.stderr.split('\n')[0]).toBe(`krb5kit present: ${sentence}`);
  });

  it('to serve by IAKERB what is not GSS-API', async () => {
    const { status, io } = await runAt(lab.folder, serve, ['--iakerb'], { env: lab.env });
    expect(status).toBe(2);
    expect(io.stderr).toMatch(/^krb5kit serve: --iakerb requires --gss\n/);
  });

  it('to serve both ways', async () => {
    const { status, io } = await runAt(lab.folder, serve, ['--gss', '--http'], { env: lab.env });
    expect(status).toBe(2);
    expect(io.stderr).toMatch(/^krb5kit serve: --http and --gss cannot be combined\n/);
  });
});
