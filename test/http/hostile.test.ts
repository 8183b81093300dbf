import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInitiator } from '../../src/gss/initiator.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego-initiator.ts';
import { formatNegotiate } from '../../src/http/challenge.ts';
import { negotiateServer } from '../../src/http/negotiate-server.ts';
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
    for (let at = 0; at < length; at += 3) {
      const token = await fresh();
      token[at]! ^= 1 << (at % 8);
      const status = await statusOf(token);
      if (status === 200) accepted.push(at);
      else expect(status).toBe(401);
    }
    // Nothing vouches for the names of the other mechanisms offered, and for a name's type.
    expect(accepted.length).toBeLessThanOrEqual(8);
  });

  it('refuses a token cut short, wherever', async () => {
    const token = await fresh();
    for (let length = 0; length < token.length; length += 7) {
      expect(await statusOf(token.subarray(0, length))).toBe(401);
    }
    expect(await statusOf(token)).toBe(200);
  });

  async function fresh(): Promise<Uint8Array> {
    return (await createSpnegoInitiator(createInitiator(credential, { now })).step())!;
  }

  async function statusOf(token: Uint8Array): Promise<number> {
    const response = await fetch(server.url, { headers: { Authorization: formatNegotiate(token) } });
    await response.arrayBuffer();
    return response.status;
  }
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
