import { Agent, request as ask, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryReplayCache } from '../../src/ap/replay-memory.ts';
import { sharedReplayCache } from '../../src/ap/replay-shared.ts';
import { frame, TOK_AP_REP } from '../../src/gss/framing.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { KRB5 } from '../../src/gss/oids.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego/initiator.ts';
import { encodeNegTokenInit, MechTypeList } from '../../src/gss/spnego/messages.ts';
import { findNegotiate, formatNegotiate } from '../../src/http/challenge.ts';
import { negotiateFetch } from '../../src/http/fetch.ts';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
import { authenticated } from '../../src/http/server.ts';
import { memoryKeytab } from '../../src/keytab/memory.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { makeCredential, NOW, keytab as sampleKeytab } from '../ap/made-up.ts';
import { startServer, type TestServer } from './fake.ts';

const service = parsePrincipal('HTTP/localhost@A.TEST');
const credential = makeCredential({ server: service });
const now = () => NOW;

describe('a server of Kerberos', () => {
  let server: TestServer;
  beforeAll(async () => {
    const keytab = memoryKeytab('hostile');
    await keytab.add([{ ...sampleKeytab[0]!, principal: service }]);
    server = await startServer({ server: { keytab, accept: undefined, now } });
  });
  afterAll(() => server.close());

  it('accepts a token once', async () => {
    const token = await fresh();
    expect([await statusOf(token), await statusOf(token)]).toEqual([200, 401]);
  });

  it('takes a token of Kerberos without SPNEGO', async () => {
    expect(await statusOf((await createInitiator(credential, { now }).step())!)).toBe(200);
  });

  it('refuses a token that differs in a byte, wherever', async () => {
    const accepted: number[] = [];
    const { length } = await fresh();
    for (let at = 0; at < length; at++) {
      const token = await fresh();
      token[at]! ^= 1 << (at % 8);
      const status = await statusOf(token);
      if (status === 200) accepted.push(at);
      else expect(status).toBe(401);
    }
    // Nothing vouches for the names of the other mechanisms offered, and for a name's type.
    expect(accepted.length).toBeLessThanOrEqual(24);
  });

  it('refuses a token cut short, wherever', async () => {
    const token = await fresh();
    for (let length = 0; length < token.length; length += 3) {
      expect(await statusOf(token.subarray(0, length))).toBe(401);
    }
    expect(await statusOf(token)).toBe(200);
  });

  it('lets nobody stand in the way of who comes after on the same connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ntlm = Buffer.from('NTLMSSP\0');
    const mechTypes = MechTypeList.encode(['1.3.6.1.4.1.311.2.2.10', '1.2.840.113554.1.2.2']);
    const unfinished = encodeNegTokenInit({ mechTypes, mechToken: ntlm });
    for (const token of [await fresh(), await bare()]) {
      expect(await overOne(agent, unfinished)).toBe(401);
      expect(await overOne(agent, token)).toBe(200);
    }
    // Each begins anew, so that neither ends what the other began.
    for (const first of [unfinished, ntlm, Buffer.from('6005060300', 'hex')]) {
      expect(await overOne(agent, first)).toBe(401);
    }
    agent.destroy();
  });

  it('goes on with the third leg of DCE style on the connection, in a frame or without', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const framed of [false, true]) {
      const initiator = createInitiator(credential, { now, flags: { dceStyle: true } });
      const reply = await repliedTo(agent, (await initiator.step())!);
      const message = (await initiator.step(reply))!;
      const third = framed ? frame({ mechanism: KRB5, tokenId: TOK_AP_REP, message }) : message;
      expect(await overOne(agent, third)).toBe(200);
    }
    agent.destroy();
  });

  /** Sends a token over the one connection of an agent. */
  function send(agent: Agent, token: Uint8Array): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = ask(server.url, { agent, headers: { Authorization: formatNegotiate(token) } });
      request.once('response', response => response.resume().once('end', () => resolve(response)));
      request.once('error', reject).end();
    });
  }

  async function overOne(agent: Agent, token: Uint8Array): Promise<number> {
    return (await send(agent, token)).statusCode!;
  }

  async function repliedTo(agent: Agent, token: Uint8Array): Promise<Uint8Array> {
    return findNegotiate((await send(agent, token)).headers['www-authenticate'])!.token!;
  }

  async function bare(): Promise<Uint8Array> {
    return (await createInitiator(credential, { now }).step())!;
  }

  async function statusOf(token: Uint8Array): Promise<number> {
    const response = await fetch(server.url, { headers: { Authorization: formatNegotiate(token) } });
    await response.arrayBuffer();
    return response.status;
  }
});

async function fresh(): Promise<Uint8Array> {
  return (await createSpnegoInitiator(createInitiator(credential, { now })).step())!;
}

it.each([
  ['is full', createMemoryReplayCache({ capacity: 0 })],
  ['fails', sharedReplayCache({ setIfAbsent: () => Promise.reject(new Error('gone')) })],
])(
  'a server that cannot judge a client, as its replay cache %s, blames itself',
  async (what, replayCache) => {
    const keytab = memoryKeytab(`hostile, replay cache ${what}`);
    await keytab.add([{ ...sampleKeytab[0]!, principal: service }]);
    const reasons: string[] = [];
    const onRefused = (error: Error): unknown => reasons.push(error.message);
    const server = await startServer({ server: { keytab, accept: undefined, now, replayCache, onRefused } });
    for (const token of [await fresh(), (await createInitiator(credential, { now }).step())!]) {
      const response = await fetch(server.url, { headers: { Authorization: formatNegotiate(token) } });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([500, null]);
    }
    expect(reasons).toEqual(Array(2).fill(expect.stringContaining('the replay cache')));
    await server.close();
  },
);

describe('a client of Kerberos', () => {
  it('believes no server whose proof differs in a byte, wherever, or is cut short', async () => {
    let change = (proof: Uint8Array): Uint8Array => proof;
    let size = 0;
    const server = await startServer({
      open: () => true,
      respond: async (request, response) => {
        const acceptor = createSpnegoAcceptor({ keytab: [{ ...sampleKeytab[0]!, principal: service }], now });
        const token = Buffer.from(request.headers.authorization!.slice('Negotiate '.length), 'base64');
        const proof = (await acceptor.step(token))!;
        size = proof.length;
        response.setHeader('WWW-Authenticate', formatNegotiate(change(proof)));
        response.end();
      },
    });
    const open = async () => createSpnegoInitiator(createInitiator(credential, { now }));
    const visit = () => negotiateFetch({ open, preemptive: true })(server.url);
    expect((await visit()).status).toBe(200);
    let harmless = 0;
    for (let at = 0; at < size; at++) {
      change = proof => {
        const changed = Uint8Array.from(proof);
        // A sequence number may be an octet shorter than it was before.
        changed[Math.min(at, changed.length - 1)]! ^= 1 << (at % 8);
        return changed;
      };
      const believed = await visit().then(
        () => true,
        () => false,
      );
      if (believed) harmless++;
      change = proof => proof.subarray(0, Math.min(at, proof.length - 1));
      await expect(visit()).rejects.toThrow();
    }
    // SPNEGO's state, and Windows' name of the mechanism.
    expect(harmless).toBeLessThanOrEqual(4);
    await server.close();
  }, 60_000);
});

it('a server with the keys of an account takes tickets for its other names if told to', async () => {
  const keytab = memoryKeytab('hostile, account');
  await keytab.add([{ ...sampleKeytab[0]!, principal: parsePrincipal('svc-web@A.TEST') }]);
  const visit = async (acceptAliases?: boolean) => {
    const options = { keytab, accept: undefined, now, services: () => true, acceptAliases };
    const server = await startServer({
      respond: (request, response) => response.end(authenticated(request)?.info.acceptor.components[0]),
      server: options,
    });
    const Authorization = formatNegotiate(await fresh());
    const response = await fetch(server.url, { headers: { Authorization } });
    const outcome = [response.status, await response.text()];
    await server.close();
    return outcome;
  };
  expect(await visit(true)).toEqual([200, 'svc-web']);
  expect((await visit())[0]).toBe(401);
});

it('a server of several services serves each by its key', async () => {
  const other = parsePrincipal('HTTP/other@A.TEST');
  const keytab = memoryKeytab('several');
  await keytab.add([service, other].map(principal => ({ ...sampleKeytab[0]!, principal })));
  const negotiate = negotiateServer({ keytab, now });
  const server = await startServer({
    open: () => true,
    respond: negotiate((_, response, { info }) => void response.end(info.acceptor.components.join('/'))),
  });
  for (const principal of [service, other]) {
    const initiator = createSpnegoInitiator(createInitiator(makeCredential({ server: principal }), { now }));
    const headers = { Authorization: formatNegotiate((await initiator.step())!) };
    expect(await (await fetch(server.url, { headers })).text()).toBe(principal.components.join('/'));
  }
  await server.close();
});
