import { describe, expect, it } from 'vitest';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator, type RequestedFlags } from '../../src/gss/initiator.ts';
import { unwrapChoice, wrapChoice } from '../../src/gss/sasl/choice.ts';
import { createSaslClient, type SaslClientOptions } from '../../src/gss/sasl/client.ts';
import type { SaslExchange, SaslMechanism, SaslOptions } from '../../src/gss/sasl/exchange.ts';
import { createSaslServer, type SaslServer } from '../../src/gss/sasl/server.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego/initiator.ts';
import { keytab, makeCredential, NOW } from '../ap/made-up.ts';
import { ascii } from './fake-mechanism.ts';

const now = () => NOW;

interface Wishes {
  readonly mechanism?: SaslMechanism;
  readonly flags?: RequestedFlags;
  readonly client?: SaslClientOptions;
  readonly server?: SaslOptions;
}

function sides({
  mechanism = 'GSSAPI',
  flags,
  client,
  server,
}: Wishes = {}): readonly [SaslExchange, SaslServer] {
  const initiator = createInitiator(makeCredential(), { now, flags });
  const accept = mechanism === 'GSSAPI' ? createAcceptor : createSpnegoAcceptor;
  return [
    createSaslClient(
      mechanism,
      mechanism === 'GSSAPI' ? initiator : createSpnegoInitiator(initiator),
      client,
    ),
    createSaslServer(mechanism, accept({ keytab, now }), server),
  ];
}

/** A protocol's part: challenges and responses until the server is content. Returns who said what, by length. */
async function exchange(
  client: SaslExchange,
  server: SaslServer,
  initial = true,
): Promise<readonly number[]> {
  const lengths: number[] = [];
  let response = initial ? await client.step() : undefined;
  for (let turn = 0; turn < 10; turn++) {
    if (response !== undefined) lengths.push(response.length);
    const challenge = await server.step(response);
    if (server.complete) {
      // The last words of the server come with its success.
      if (!client.complete || challenge !== undefined) expect(await client.step(challenge)).toBeUndefined();
      expect(client.complete).toBe(true);
      return lengths;
    }
    response = (await client.step(challenge)) ?? new Uint8Array(0);
  }
  throw new Error('it does not end');
}

describe.each<[SaslMechanism, RequestedFlags]>([
  ['GSSAPI', {}],
  ['GSSAPI', { mutual: false }],
  ['GSS-SPNEGO', {}],
  ['GSS-SPNEGO', { mutual: false }],
])('%s with %o', (mechanism, flags) => {
  it('agrees on the strongest layer that both can do', async () => {
    const [client, server] = sides({ mechanism, flags });
    await exchange(client, server);
    expect([client.layer.protection, server.layer.protection]).toEqual([
      'confidentiality',
      'confidentiality',
    ]);
    expectTalk(client, server);
  });

  it('waits for the client where it has no initial response', async () => {
    const [client, server] = sides({ mechanism, flags });
    await exchange(client, server, false);
    expectTalk(client, server);
  });

  it('has the layer that the context can give', async () => {
    const [client, server] = sides({ mechanism, flags: { ...flags, confidentiality: false } });
    await exchange(client, server);
    expect([client.layer.protection, server.layer.protection]).toEqual(['integrity', 'integrity']);
    expectTalk(client, server);
  });

  it('has no layer where the context gives none', async () => {
    const [client, server] = sides({
      mechanism,
      flags: { ...flags, confidentiality: false, integrity: false },
    });
    await exchange(client, server);
    expect([client.layer.protection, server.layer.protection]).toEqual(['none', 'none']);
    expect(client.layer.protect(ascii('plain'))).toEqual(ascii('plain'));
    expect(server.layer.unprotect(ascii('plain'))).toEqual(ascii('plain'));
  });
});

describe('the client of GSSAPI', () => {
  it('says as whom it wants to act', async () => {
    const [client, server] = sides({ client: { authzid: 'bøb' } });
    await exchange(client, server);
    expect(server.authzid).toBe('bøb');
  });

  it('need not say it', async () => {
    const [client, server] = sides();
    await exchange(client, server);
    expect(server.authzid).toBeUndefined();
  });

  it('has the layer that it likes best of those offered', async () => {
    const [client, server] = sides({
      client: { protections: ['none', 'integrity'] },
      server: { protections: ['confidentiality', 'integrity'] },
    });
    await exchange(client, server);
    expect([client.layer.protection, server.layer.protection]).toEqual(['integrity', 'integrity']);
  });

  it('goes where there is no layer in common', async () => {
    const [client, server] = sides({
      client: { protections: ['confidentiality'] },
      server: { protections: ['none'] },
    });
    await expect(exchange(client, server)).rejects.toMatchObject({ name: 'GssError', major: 'BAD_QOP' });
    expect(client.complete).toBe(false);
    expect(() => client.layer).toThrow(expect.objectContaining({ major: 'NO_CONTEXT' }));
  });

  it('sends an empty response when the server has had the last token', async () => {
    const [client, server] = sides();
    const lengths = await exchange(client, server);
    expect(lengths[1]).toBe(0);
    expect(lengths).toHaveLength(3);
  });

  it('takes a largest packet that three octets can tell', () => {
    expect(() => sides({ client: { maximum: 0x1000000 } })).toThrow(TypeError);
    expect(() => sides({ server: { maximum: 1.5 } })).toThrow(TypeError);
  });
});

describe('GSS-SPNEGO', () => {
  it('goes where the context’s layer is not wanted', async () => {
    const [client, server] = sides({ mechanism: 'GSS-SPNEGO', client: { protections: ['none'] } });
    await expect(exchange(client, server)).rejects.toMatchObject({ major: 'BAD_QOP' });
  });
});

describe('the client of GSS-SPNEGO, once the context is established', () => {
  async function established() {
    const client = createSaslClient(
      'GSS-SPNEGO',
      createSpnegoInitiator(createInitiator(makeCredential(), { now })),
    );
    const acceptor = createSpnegoAcceptor({ keytab, now });
    await client.step(await acceptor.step((await client.step())!));
    expect(client.complete).toBe(true);
    return { client, acceptor };
  }

  it('chooses where the server offers layers all the same, once', async () => {
    const { client, acceptor } = await established();
    const offer = () => wrapChoice(acceptor, { protections: ['none'], maximum: 0 });
    const choice = unwrapChoice(acceptor, (await client.step(offer()))!);
    expect(choice).toMatchObject({ protections: ['none'], maximum: 0 });
    expect(client.layer.protection).toBe('none');
    await expect(client.step(offer())).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });

  it('believes no offer that is not the server’s', async () => {
    const { client, acceptor } = await established();
    const offer = wrapChoice(acceptor, { protections: ['none'], maximum: 0 });
    offer[offer.length - 1]! ^= 1;
    await expect(client.step(offer)).rejects.toMatchObject({ major: 'BAD_MIC' });
    await expect(client.step(ascii('junk'))).rejects.toBeInstanceOf(GssError);
    expect(client.layer.protection).toBe('confidentiality');
  });
});

describe('a server refuses', () => {
  async function untilChoice() {
    const initiator = createInitiator(makeCredential(), { now });
    const server = createSaslServer('GSSAPI', createAcceptor({ keytab, now }), {
      protections: ['integrity', 'none'],
    });
    await initiator.step(await server.step(await initiator.step()));
    const offer = initiator.unwrap((await server.step(new Uint8Array(0)))!).message;
    expect([...offer]).toEqual([3, 1, 0, 0]);
    return { initiator, server };
  }

  it.each<[string, readonly number[]]>([
    ['a layer that it has not offered', [4, 1, 0, 0]],
    ['two layers', [3, 1, 0, 0]],
    ['none at all', [0, 0, 0, 0]],
    ['a choice cut short', [1, 0, 0]],
    ['packets that hold nothing', [2, 0, 0, 8]],
  ])('%s', async (_, choice) => {
    const { initiator, server } = await untilChoice();
    await expect(
      server.step(initiator.wrap(Uint8Array.from(choice), { seal: false })),
    ).rejects.toBeInstanceOf(GssError);
    expect(server.complete).toBe(false);
  });

  it('a choice that somebody has changed', async () => {
    const { initiator, server } = await untilChoice();
    const token = initiator.wrap(Uint8Array.of(2, 1, 0, 0), { seal: false });
    const at = Buffer.from(token).indexOf(Uint8Array.of(2, 1, 0, 0));
    token[at] = 1;
    await expect(server.step(token)).rejects.toMatchObject({ major: 'BAD_MIC' });
  });

  it('anything after the exchange, and before its own word', async () => {
    const [client, server] = sides();
    await exchange(client, server);
    await expect(server.step(ascii('more'))).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    await expect(client.step(ascii('more'))).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    const [otherClient, otherServer] = sides();
    await otherServer.step(await otherClient.step());
    await expect(otherServer.step(ascii('early'))).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });

  it('no client that wants no layer but tells a size', async () => {
    const { initiator, server } = await untilChoice();
    await server.step(initiator.wrap(Uint8Array.of(1, 1, 0, 0), { seal: false }));
    expect(server.layer.protection).toBe('none');
  });
});

describe('a layer', () => {
  it('sends packets that the peer can take', async () => {
    const [client, server] = sides({ server: { maximum: 1000 } });
    await exchange(client, server);
    const data = new Uint8Array(10_000).map((_, at) => at);
    const sent = client.layer.protect(data);
    let packets = 0;
    for (let at = 0; at < sent.length; packets++) {
      const length = new DataView(sent.buffer, sent.byteOffset + at).getUint32(0);
      expect(length).toBeLessThanOrEqual(1000);
      at += 4 + length;
    }
    expect(packets).toBeGreaterThan(10);
    expect(Buffer.compare(server.layer.unprotect(sent), data)).toBe(0);
  });

  it.each([1, 3, 5, 64])('puts packets together that come in pieces of %i', async size => {
    const [client, server] = sides();
    await exchange(client, server);
    const sent = Buffer.concat([
      client.layer.protect(ascii('one')),
      client.layer.protect(new Uint8Array(0)),
      client.layer.protect(ascii(' two')),
    ]);
    let text = '';
    for (let at = 0; at < sent.length; at += size) {
      text += Buffer.from(server.layer.unprotect(sent.subarray(at, at + size))).toString();
    }
    expect(text).toBe('one two');
  });

  it('refuses a packet that is too long before it has come', async () => {
    const [client, server] = sides({ server: { maximum: 1000 } });
    await exchange(client, server);
    expect(() => server.layer.unprotect(Uint8Array.of(0, 0, 3, 0xe9))).toThrow(
      expect.objectContaining({ major: 'DEFECTIVE_TOKEN' }),
    );
  });

  it('refuses a packet that came before, and all after it', async () => {
    const [client, server] = sides();
    await exchange(client, server);
    const sent = client.layer.protect(ascii('once'));
    server.layer.unprotect(sent);
    expect(() => server.layer.unprotect(sent)).toThrow(expect.objectContaining({ major: 'DUPLICATE_TOKEN' }));
    expect(() => server.layer.unprotect(client.layer.protect(ascii('next')))).toThrow(
      expect.objectContaining({ major: 'DEFECTIVE_TOKEN' }),
    );
  });

  it('refuses a packet that was changed', async () => {
    const [client, server] = sides();
    await exchange(client, server);
    const changed = Uint8Array.from(client.layer.protect(ascii('once')));
    changed[changed.length - 1]! ^= 1;
    expect(() => server.layer.unprotect(changed)).toThrow(expect.objectContaining({ major: 'BAD_MIC' }));
  });

  it('refuses a packet that is not sealed where all must be', async () => {
    const initiator = createInitiator(makeCredential(), { now });
    const server = createSaslServer('GSSAPI', createAcceptor({ keytab, now }));
    const client = createSaslClient('GSSAPI', initiator);
    await exchange(client, server);
    const packet = initiator.wrap(ascii('readable'), { seal: false });
    expect(() => server.layer.unprotect(Uint8Array.of(0, 0, 0, packet.length, ...packet))).toThrow(
      expect.objectContaining({ major: 'BAD_QOP' }),
    );
  });
});

function expectTalk(client: SaslExchange, server: SaslExchange): void {
  for (const text of ['a message', '', 'another']) {
    expect(Buffer.from(server.layer.unprotect(client.layer.protect(ascii(text)))).toString()).toBe(text);
    expect(Buffer.from(client.layer.unprotect(server.layer.protect(ascii(text)))).toString()).toBe(text);
  }
}
