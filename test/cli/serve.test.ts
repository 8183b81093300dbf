import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../src/cli/serve.ts';
import { randomKey } from '../../src/crypto/key.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { HOUR, keytab, later, makeCredential, serviceKey } from '../ap/made-up.ts';
import { until } from '../support/until.ts';
import { runAt, writeKeytab } from './caches.ts';
import { dial, Lab } from './service.ts';

let lab: Lab;

beforeEach(() => {
  lab = new Lab();
});

afterEach(() => lab.close());

it('tells who came, how, with which enctypes and until when', async () => {
  const service = await lab.serve();
  expect(service.io.stdout).toBe(
    `Serving sample on 127.0.0.1 port ${service.port}, keys from FILE:${lab.keytab}\n`,
  );
  expect(await lab.present(service.port)).toMatchObject({ status: 0 });
  expect(service.io.stdout.split('\n')[1]).toMatch(
    /^alice@A\.TEST to sample\/localhost@A\.TEST from 127\.0\.0\.1, mutual authentication, session key aes256-cts-hmac-sha1-96, .*until 03\/01\/26 13:00:00$/,
  );
  expect(service.io.stderr).toBe('');
});

it('prints nothing of a name that could steer a terminal', async () => {
  const service = await lab.serve();
  const client = { ...parsePrincipal('x@A.TEST'), components: ['\u001b[2Jeve'] };
  const part = { cname: { nameType: 1, nameString: client.components } };
  const { io } = await lab.present(service.port, makeCredential({ client, part }));
  expect(io.stdout).toContain('Presented ?[2Jeve@A.TEST');
  expect(io.stdout).toContain('It says: You are ?[2Jeve@A.TEST');
  expect(service.io.stdout).toContain('?[2Jeve@A.TEST to sample/localhost@A.TEST');
});

it('ends with status 0 when it is asked to stop, and hangs up on those who are there', async () => {
  const service = await lab.serve();
  const client = await dial(service.port);
  client.write(Buffer.alloc(2));
  service.io.stop('SIGINT');
  expect(await service.ended).toBe(0);
  expect(await client.received).toHaveLength(0);
});

describe('--once', () => {
  it('ends with status 0 after a client that was accepted', async () => {
    const service = await lab.serve(['--once']);
    expect(await lab.present(service.port)).toMatchObject({ status: 0 });
    expect(await service.ended).toBe(0);
  });

  it('ends with status 1 after a client that was refused', async () => {
    const service = await lab.serve(['--once']);
    await lab.present(service.port, makeCredential({ key: randomKey(18) }));
    expect(await service.ended).toBe(1);
  });

  it('ends with status 1 after a client that hung up', async () => {
    const service = await lab.serve(['--once']);
    const client = await dial(service.port);
    client.resetAndDestroy();
    expect(await service.ended).toBe(1);
    expect(service.io.stderr).toMatch(/^krb5kit serve: refused a client from 127\.0\.0\.1: The connection /);
  });

  it('ends with status 1 when it is stopped before anybody came', async () => {
    const service = await lab.serve(['--once']);
    service.io.stop();
    expect(await service.ended).toBe(1);
  });

  it('serves one of those who come together', async () => {
    const service = await lab.serve(['--once']);
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => lab.present(service.port)));
    expect(outcomes.filter(({ status }) => status === 0)).toHaveLength(1);
    expect(await service.ended).toBe(0);
    expect(service.io.stdout.match(/alice/g)).toHaveLength(1);
  });
});

describe('refuses, and tells both sides why:', () => {
  const bound = { addrType: 2, address: Uint8Array.of(10, 0, 0, 1) };
  const http = parsePrincipal('HTTP/localhost@A.TEST');
  const cases: readonly [string, Credential, number, string][] = [
    [
      'a ticket sealed with another key',
      makeCredential({ key: randomKey(18) }),
      31,
      'Decrypt integrity check failed',
    ],
    [
      'a ticket sealed with a key that has gone',
      makeCredential({ kvno: 9 }),
      44,
      'Key version is not available',
    ],
    [
      'a ticket of a key type it has no key of',
      makeCredential({ key: randomKey(17) }),
      45,
      'Service key not available',
    ],
    ['a ticket that has expired', expired(), 32, 'Ticket expired'],
    [
      'a ticket that is not valid yet',
      makeCredential({ part: { starttime: later(HOUR) } }),
      33,
      'Ticket not yet valid',
    ],
    [
      'a ticket bound to another address',
      makeCredential({ part: { caddr: [bound] } }),
      38,
      'Incorrect net address',
    ],
    [
      'a ticket of somebody else',
      makeCredential({ client: parsePrincipal('mallory@A.TEST') }),
      36,
      "Ticket/authenticator don't match",
    ],
    ['a ticket for another service', makeCredential({ server: http }), 35, "The ticket isn't for us"],
  ];

  it.each(cases)('%s', async (_, credential, _number, sentence) => {
    const both = writeKeytab(lab.folder, [...keytab, { ...keytab[0]!, principal: http }]);
    const service = await lab.serve(['-k', both]);
    const { status, io } = await lab.present(service.port, credential);
    expect(status).toBe(1);
    expect(io.stdout).toBe('');
    expect(io.stderr).toBe(
      `krb5kit present: ${sentence} while presenting the ticket to localhost:${service.port}\n`,
    );
    expect(await until(() => service.io.stderr || undefined)).toContain(
      `krb5kit serve: refused a client from 127.0.0.1: ${sentence}`,
    );
    expect(service.io.stdout).not.toContain('@A.TEST');
  });

  it.each([400, -400])('a clock that is %i seconds off', async seconds => {
    const service = await lab.serve();
    const { status, io } = await lab.present(service.port, makeCredential(), { now: () => later(seconds) });
    expect([status, io.stderr]).toEqual([
      1,
      `krb5kit present: Clock skew too great while presenting the ticket to localhost:${service.port}\n`,
    ]);
    expect(service.io.stderr).toContain('Clock skew too great (the clocks differ by 400 s)');
  });

  it('takes a clock that is within the limit', async () => {
    const service = await lab.serve();
    const now = () => later(250);
    expect(await lab.present(service.port, makeCredential(), { now })).toMatchObject({ status: 0 });
  });

  function expired(): Credential {
    return {
      ...makeCredential({ part: { authtime: later(-9 * HOUR), endtime: later(-HOUR) } }),
      endtime: later(HOUR),
    };
  }
});

describe('a replay', () => {
  const tellReplay = 'krb5kit serve: refused a client from 127.0.0.1: Request is a replay\n';

  it('is refused with the right KRB-ERROR', async () => {
    const service = await lab.serve();
    const sent = await recorded(service.port);
    const reply = await replay(service.port, sent);
    expect(KrbError.decode(reply.subarray(1 + 4))).toMatchObject({ errorCode: 34 });
    expect(service.io.stderr).toBe(tellReplay);
  });

  it.each([
    ['KRB5RCACHEDIR', () => ({ KRB5RCACHEDIR: lab.folder })],
    ['KRB5RCACHENAME', () => ({ KRB5RCACHENAME: `file2:${join(lab.folder, 'mine')}` })],
  ])('is refused by the service that was started again, too, with %s', async (_, env) => {
    const first = await lab.serve([], { env: env() });
    const sent = await recorded(first.port);
    first.io.stop();
    await first.ended;
    const second = await lab.serve([], { env: env() });
    await replay(second.port, sent);
    expect(second.io.stderr).toBe(tellReplay);
    expect(await lab.present(second.port)).toMatchObject({ status: 0 });
  });

  it('passes where no replay cache is wanted', async () => {
    const service = await lab.serve([], { env: { KRB5RCACHENAME: 'none:' } });
    await replay(service.port, await recorded(service.port));
    expect(service.io.stdout.match(/^alice/gm)).toHaveLength(2);
  });

  it('cannot be told where the cache cannot be kept, so that nobody is let in', async () => {
    const env = { KRB5RCACHENAME: 'file2:/nonexistent/rcache' };
    const service = await lab.serve([], { env });
    expect(await lab.present(service.port)).toMatchObject({ status: 1 });
    expect(service.io.stderr).toContain('the replay cache cannot be used');
  });

  it('needs a cache of a type that is known', async () => {
    const env = { ...lab.env, KRB5RCACHENAME: 'cloud:9' };
    const { status, io } = await runAt(lab.folder, serve, ['--port', '0'], { env });
    expect([status, io.stderr]).toEqual([1, 'krb5kit serve: Replay cache type is unknown: cloud:9\n']);
  });

  /** What a client sent to the service that accepted it. */
  async function recorded(port: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const between = await lab.listen(socket => {
      void dial(port).then(far => {
        socket.on('data', chunk => {
          chunks.push(chunk);
          far.write(chunk);
        });
        far.on('data', chunk => socket.write(chunk));
        far.on('close', () => socket.end());
        socket.on('error', () => far.destroy());
      });
    });
    expect(await lab.present(between)).toMatchObject({ status: 0 });
    return Buffer.concat(chunks);
  }

  async function replay(port: number, bytes: Buffer): Promise<Buffer> {
    const socket = await dial(port);
    socket.write(bytes);
    return socket.received;
  }
});

describe('clients that are none', () => {
  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['zeros', Buffer.alloc(64)],
    ['another sendauth', framed('KRB5_SENDAUTH_V0.9\0', 'KRB5_sample_protocol_v1.0\0')],
    ['another application', framed('KRB5_SENDAUTH_V1.0\0', 'other\0')],
    ['a length beyond all bounds', Buffer.concat([hello(), Buffer.alloc(4, 0xff)])],
    ['an AP-REQ that is noise', Buffer.concat([hello(), framed(Buffer.alloc(300, 0x6e))])],
    ['an AP-REQ of no bytes', Buffer.concat([hello(), Buffer.alloc(4)])],
  ])('are refused in one line: %s', async (_, bytes) => {
    const service = await lab.serve();
    const client = await dial(service.port);
    client.write(bytes);
    client.end();
    await client.received;
    const line = await until(() => service.io.stderr || undefined);
    expect(line).toMatch(/^krb5kit serve: refused a client from 127\.0\.0\.1: [^\n]+\n$/);
    expect(line).not.toContain('Internal error');
    expect(await lab.present(service.port)).toMatchObject({ status: 0 });
  });

  it('do not keep others waiting when they are slow', async () => {
    const service = await lab.serve();
    const slow = await Promise.all(Array.from({ length: 50 }, () => dial(service.port)));
    for (const socket of slow) socket.write(Buffer.alloc(3));
    expect(await lab.present(service.port)).toMatchObject({ status: 0 });
    for (const socket of slow) socket.destroy();
  });
});

it.skipIf(process.platform !== 'linux')('serves though nobody reads what it prints', async () => {
  const pipe = join(lab.folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY);
  fill(pipe);
  const argv = [resolve('bin/krb5kit'), 'serve', '--port', '0'];
  const child = spawn(process.execPath, argv, { env: lab.env, stdio: ['ignore', 'pipe', writer] });
  try {
    const [, port] = /port (\d+)/.exec(String(await new Promise(told => child.stdout!.once('data', told))))!;
    for (let i = 0; i < 2; i++) {
      const client = await dial(Number(port));
      client.end(Buffer.alloc(64));
      await client.received;
    }
  } finally {
    child.kill();
    closeSync(reader);
    closeSync(writer);
  }
  expect(await new Promise(ended => child.once('exit', ended))).toBe(0);

  /** Leaves no room in a pipe. */
  function fill(path: string): void {
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    expect(() => {
      while (true) writeSync(fd, Buffer.alloc(4096));
    }).toThrow('EAGAIN');
    closeSync(fd);
  }
});

it('serves many at once, each its own name', async () => {
  const service = await lab.serve();
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const client = parsePrincipal(`user${i}@A.TEST`);
      const part = { cname: { nameType: 1, nameString: client.components } };
      const cache = { env: { KRB5CCNAME: `MEMORY:${i}` } };
      const { memoryType } = await import('../../src/ccache/memory.ts');
      const credential = makeCredential({ client, part });
      const environment = { dataDirectory: lab.folder, keychain: () => Promise.reject(new Error('none')) };
      await memoryType
        .resolve(`${i}`, environment)
        .initialize({ principal: client, credentials: [credential] });
      return lab.present(service.port, credential, cache);
    }),
  );
  const said = outcomes.map(({ io }) => /It says: You are (\S+)/.exec(io.stdout)?.[1]);
  expect(said).toEqual(Array.from({ length: 40 }, (_, i) => `user${i}@A.TEST`));
});

describe('does not start', () => {
  it.each([
    [['-k', '/nonexistent/kt'], "Key table file '/nonexistent/kt' not found while reading the keytab"],
    [['--service', 'other'], /^FILE:\S+ has no key of the service other while reading the keytab$/],
    [['-k', 'CLOUD:x'], 'Unknown Key table type while resolving keytab CLOUD:x'],
    [['--host', '192.0.2.1'], /^Cannot listen \(EADDRNOTAVAIL\) while listening on 192\.0\.2\.1 port 0$/],
  ])('with %s', async (argv, sentence) => {
    const { status, io } = await runAt(lab.folder, serve, ['--port', '0', ...argv], { env: lab.env });
    expect(status).toBe(1);
    expect(io.stdout).toBe('');
    const told = /^krb5kit serve: (.*)\n$/.exec(io.stderr)?.[1];
    if (typeof sentence === 'string') expect(told).toBe(sentence);
    else expect(told).toMatch(sentence);
  });

  it('on a port that is in use', async () => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { status, io } = await runAt(lab.folder, serve, ['--port', `${port}`], { env: lab.env });
    expect([status, io.stderr]).toEqual([
      1,
      `krb5kit serve: Address already in use while listening on 127.0.0.1 port ${port}\n`,
    ]);
    other.close();
  });

  it.each([
    [['--port', '65536'], "'65536' is not a port"],
    [['--port', '-1'], "'-1' is not a port"],
    [['--host', ''], '--host requires an address'],
    [['somewhere'], 'unexpected argument "somewhere"'],
  ])('when the command line is wrong: %s', async (argv, sentence) => {
    const { status, io } = await runAt(lab.folder, serve, argv, { env: lab.env });
    expect([status, io.stderr]).toEqual([2, `krb5kit serve: ${sentence}\nUsage: krb5kit serve [options]\n`]);
  });
});

it('has the keytab read anew for each client, so that keys may change', async () => {
  const service = await lab.serve();
  const newer = { ...keytab[0]!, kvno: 4, key: { keytype: 18, keyvalue: Buffer.alloc(32, 7) } };
  writeKeytab(lab.folder, [newer]);
  expect(await lab.present(service.port, makeCredential({ key: serviceKey }))).toMatchObject({ status: 1 });
  writeKeytab(lab.folder, keytab);
  expect(await lab.present(service.port)).toMatchObject({ status: 0 });
});

function hello(): Buffer {
  return framed('KRB5_SENDAUTH_V1.0\0', 'KRB5_sample_protocol_v1.0\0');
}

function framed(...messages: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    messages.flatMap(message => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(message.length);
      return [length, Buffer.from(message)];
    }),
  );
}
