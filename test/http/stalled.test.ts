import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatNegotiate } from '../../src/http/challenge.ts';
import { negotiateFetch } from '../../src/http/fetch.ts';
import { negotiated, type OpenContext } from '../../src/http/options.ts';
import { fakeOpen } from './fake.ts';
import { type RawServer, startRaw } from './raw.ts';

const servers: RawServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function raw(...args: Parameters<typeof startRaw>): ReturnType<typeof startRaw> {
  const server = await startRaw(...args);
  servers.push(server);
  return server;
}

describe('a connection that is lost while a ticket is fetched', () => {
  it.each([
    ['asked', false],
    ['unasked', true],
  ])('is made anew for what is then said %s', async (_, preemptive) => {
    const proof = formatNegotiate(Buffer.from('proof'));
    const server = await raw((received, socket) => {
      socket.write(
        /^authorization:/im.test(received)
          ? `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nWWW-Authenticate: ${proof}\r\n\r\nok`
          : 'HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate\r\n\r\n',
      );
    });
    const fake = fakeOpen();
    const open: OpenContext = async request => {
      while (server.sockets.length === 0) await wait(5);
      const [socket] = server.sockets;
      socket!.end();
      if (!socket!.closed) await once(socket!, 'close');
      await wait(50);
      return fake(request);
    };
    const response = await negotiateFetch({ open, preemptive })(server.url);
    expect([response.status, await response.text(), server.sockets.length]).toEqual([200, 'ok', 2]);
    expect(negotiated(response)).toMatchObject({ mutual: true });
  });

  it('or right afterwards is made anew, and the negotiation with it', async () => {
    const proof = formatNegotiate(Buffer.from('proof'));
    const server = await raw((received, socket) => {
      if (!/^authorization:/im.test(received)) {
        socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate\r\n\r\n');
      } else if (server.sockets.length === 1) socket.destroy();
      else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nWWW-Authenticate: ${proof}\r\n\r\nok`);
    });
    const open = fakeOpen();
    const response = await negotiateFetch({ open })(server.url);
    expect([response.status, await response.text(), open.asked.length]).toEqual([200, 'ok', 2]);
  });

  it('is an error where the request might be carried out twice', async () => {
    const server = await raw((received, socket) => {
      if (/^authorization:/im.test(received)) socket.destroy();
      else socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate\r\n\r\n');
    });
    await expect(negotiateFetch({ open: fakeOpen() })(server.url, { method: 'POST' })).rejects.toThrow();
    expect(server.sockets).toHaveLength(1);
  });

  it('in the midst of a negotiation is an error', async () => {
    const server = await raw((received, socket) => {
      const said = /^authorization:/im.test(received) ? formatNegotiate(Buffer.from('go on')) : 'Negotiate';
      socket.write(`HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: ${said}\r\n\r\n`);
    });
    const fake = fakeOpen({ legs: 2 });
    const open: OpenContext = async request => {
      const context = await fake(request);
      const { step } = context;
      let steps = 0;
      context.step = async token => {
        if (steps++ > 0) {
          server.sockets[0]!.destroy();
          await wait(50);
        }
        return step(token);
      };
      return context;
    };
    await expect(negotiateFetch({ open })(server.url)).rejects.toThrow();
    expect(server.sockets).toHaveLength(1);
  });
});

describe('a wait ends when it is told to', () => {
  it('for what a proxy says beside its refusal', async () => {
    const refusal = 'HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 10\r\n\r\n';
    const stop = new AbortController();
    const proxy = await raw((_, socket) => {
      socket.write(refusal);
      setTimeout(() => stop.abort(), 50);
    });
    const fetched = negotiateFetch({ open: fakeOpen(), proxy: proxy.url })('https://a.test/', stop);
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('for a body that does not go on', async () => {
    const stop = new AbortController();
    const cancel = vi.fn();
    const fetched = negotiateFetch({ open: fakeOpen() })('http://localhost:1/', {
      method: 'POST',
      body: endless({ cancel }),
      duplex: 'half',
      signal: stop.signal,
    } as RequestInit);
    setTimeout(() => stop.abort(), 50);
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => cancel.mock.calls).toHaveLength(1);
  });

  it('and nothing is waited for that cannot be asked for again', async () => {
    let sent = '';
    const server = await raw((received, socket) => {
      sent += received;
      if (sent.includes('begun')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const init = { method: 'POST', body: endless(), duplex: 'half' } as RequestInit;
    // A body as yet without end is sent at once where nobody may be told who we are.
    await negotiateFetch({ open: fakeOpen(), hosts: [] })(server.url, init).catch(() => undefined);
    expect(sent).toMatch(/^POST .*begun/s);
  });

  function endless(source: { readonly cancel?: () => void } = {}): ReadableStream {
    return new ReadableStream({ ...source, start: stream => stream.enqueue(Buffer.from('begun')) });
  }
});

describe('a response that nobody can use', () => {
  it.each([
    ['a redirect without end', 'HTTP/1.1 302 Over there\r\nLocation: /\r\n\r\n', true],
    ['a status that there is not', 'HTTP/1.1 999 What\r\n\r\n', false],
  ])('is hung up on: %s', async (_, head, flood) => {
    let closed = 0;
    const server = await raw((_, socket) => {
      socket.once('close', () => closed++);
      socket.write(head);
      const pour = (): void =>
        void (socket.writable && socket.write('x'.repeat(1 << 14), () => wait(1).then(pour)));
      if (flood) pour();
    });
    await expect(negotiateFetch({ open: fakeOpen() })(server.url, { redirect: 'error' })).rejects.toThrow(
      TypeError,
    );
    await expect.poll(() => closed).toBe(1);
  });
});

function wait(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
