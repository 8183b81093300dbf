import { describe, expect, it } from 'vitest';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { createSaslClient } from '../../src/gss/sasl/client.ts';
import type { SaslExchange, SaslMechanism } from '../../src/gss/sasl/exchange.ts';
import { createSaslServer, type SaslServer } from '../../src/gss/sasl/server.ts';
import { createSpnegoAcceptor } from '../../src/gss/spnego/acceptor.ts';
import { createSpnegoInitiator } from '../../src/gss/spnego/initiator.ts';
import { keytab, makeCredential } from '../ap/made-up.ts';
import { now } from './support.ts';

const credential = makeCredential();
const AUTHZID = 'root';

interface Talk {
  readonly client: SaslExchange;
  readonly server: SaslServer;
  /** What went to and fro, the client's first. */
  readonly messages: readonly Uint8Array[];
  readonly failure: unknown;
}

/** An exchange to its end or its failure, of which `tamper` changes what it likes. */
async function talk(
  mechanism: SaslMechanism,
  tamper: (message: Uint8Array, number: number) => Uint8Array = message => message,
): Promise<Talk> {
  const initiator = createInitiator(credential, { now });
  const spnego = mechanism === 'GSS-SPNEGO';
  const client = createSaslClient(mechanism, spnego ? createSpnegoInitiator(initiator) : initiator, {
    authzid: AUTHZID,
  });
  const server = createSaslServer(
    mechanism,
    (spnego ? createSpnegoAcceptor : createAcceptor)({ keytab, now }),
  );
  const messages: Uint8Array[] = [];
  try {
    let message = await client.step();
    for (let number = 0; message !== undefined && number < 10; number++) {
      messages.push(message);
      message = await (number % 2 === 0 ? server : client).step(tamper(message, number));
    }
    return { client, server, messages, failure: undefined };
  } catch (failure) {
    return { client, server, messages, failure };
  }
}

/** Whether an exchange ended with an error before the one that got message `number` was through. */
function isNoticed({ client, server, failure }: Talk, number: number): boolean {
  if (failure === undefined) return false;
  expect(failure).toBeInstanceOf(GssError);
  expect((number % 2 === 0 ? server : client).complete).toBe(false);
  return true;
}

const flipped = (at: number, mask: number) => (message: Uint8Array) => {
  const changed = Uint8Array.from(message);
  changed[at]! ^= mask;
  return changed;
};

describe.each<SaslMechanism>(['GSSAPI', 'GSS-SPNEGO'])('an exchange of %s', mechanism => {
  it('with any octet changed fails at once, or comes to the same', async () => {
    const { messages } = await talk(mechanism);
    const places = messages.flatMap(({ length }, number) =>
      Array.from({ length }, (_, at) => [number, at] as const),
    );
    const harmless = new Set<string>();
    for (const [number, at] of places) {
      for (const mask of [0x01, 0x80]) {
        const change = flipped(at, mask);
        const ended = await talk(mechanism, (message, n) => (n === number ? change(message) : message));
        if (isNoticed(ended, number)) continue;
        harmless.add(`${number}:${at}`);
        const { client, server } = ended;
        expect([client.complete, server.complete]).toEqual([true, true]);
        expect([client.layer.protection, server.layer.protection]).toEqual(Array(2).fill('confidentiality'));
        expect(server.authzid).toBe(mechanism === 'GSSAPI' ? AUTHZID : undefined);
      }
    }
    // What no key protects and nobody needs: as with Kerberos alone, the other names of the mechanism, SPNEGO's states.
    expect(harmless.size).toBeLessThanOrEqual(24);
  }, 60_000);

  it('with a message cut short or made longer fails', async () => {
    const { messages } = await talk(mechanism);
    for (const [number, { length }] of messages.entries()) {
      // A client may have no initial response, and an empty one is none.
      for (let end = number === 0 ? 1 : 0; end < length; end++) {
        const { failure } = await talk(mechanism, (message, n) =>
          // Random numbers make some messages shorter than the first ones.
          n === number ? message.subarray(0, Math.min(end, message.length - 1)) : message,
        );
        expect(failure).toBeInstanceOf(GssError);
      }
      if (length === 0) continue;
      const { failure } = await talk(mechanism, (message, n) =>
        n === number ? Uint8Array.of(...message, 0) : message,
      );
      expect(failure).toBeInstanceOf(GssError);
    }
  });

  it('with a message that came before fails', async () => {
    const { messages } = await talk(mechanism);
    for (const number of messages.keys()) {
      for (const [other, old] of messages.entries()) {
        if (other === number || messages[number]!.length === 0) continue;
        const { failure } = await talk(mechanism, (message, n) => (n === number ? old : message));
        expect(failure).toBeInstanceOf(GssError);
      }
    }
  });
});

describe('a packet of a layer', () => {
  const text = Buffer.from('a line of a protocol\r\n');

  it('with any octet changed is refused, and nothing of it comes through', async () => {
    const packet = await newPacket();
    for (let at = 0; at < packet.length; at++) {
      for (const mask of [0x01, 0x04, 0x80]) {
        const { client, server } = await talk('GSSAPI');
        const changed = flipped(at, mask)(client.layer.protect(text));
        let taken: Uint8Array;
        try {
          taken = server.layer.unprotect(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(GssError);
          expect(['BAD_MIC', 'DEFECTIVE_TOKEN', 'BAD_QOP']).toContain((error as GssError).major);
          continue;
        }
        // A greater length waits for what does not come.
        expect([at < 4, taken.length]).toEqual([true, 0]);
      }
    }
  }, 60_000);

  it('is refused out of its turn', async () => {
    for (const [order, major] of [
      [[0, 0], 'DUPLICATE_TOKEN'],
      [[1], 'GAP_TOKEN'],
      [[0, 2], 'GAP_TOKEN'],
    ] as const) {
      const { client, server } = await talk('GSSAPI');
      const packets = [0, 1, 2].map(() => client.layer.protect(text));
      const take = () => order.map(number => server.layer.unprotect(packets[number]!));
      expect(take).toThrow(expect.objectContaining({ major }));
    }
  });

  it('of the other direction is refused', async () => {
    const { client, server } = await talk('GSSAPI');
    expect(() => client.layer.unprotect(client.layer.protect(text))).toThrow(GssError);
    expect(() => server.layer.unprotect(server.layer.protect(text))).toThrow(GssError);
  });

  async function newPacket(): Promise<Uint8Array> {
    return (await talk('GSSAPI')).client.layer.protect(text);
  }
});
