import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { keytab, makeCredential } from '../ap/made-up.ts';
import { now } from './support.ts';

/** What may come of a token that is not as it was sent: a name it has not, a number it has not, a broken seal. */
const MAJORS = ['BAD_MECH', 'BAD_MIC', 'DEFECTIVE_TOKEN', 'FAILURE', 'NO_CRED'];

const credential = makeCredential();
const tgt = makeCredential();
const asked = { now, delegated: [tgt], channelBindings: { applicationData: Buffer.from('here') } };
const accept = { keytab, now, channelBindings: asked.channelBindings };

/** Whether a token is taken; a refusal must be a GssError that fits. */
async function isTaken(step: Promise<unknown>): Promise<boolean> {
  try {
    await step;
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(GssError);
    expect(MAJORS).toContain((error as GssError).major);
    return false;
  }
}

function* mutations(token: Uint8Array): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
  for (let at = 0; at < token.length; at++) {
    for (const bit of [0x01, 0x04, 0x80]) {
      const bytes = new Uint8Array(token);
      bytes[at]! ^= bit;
      yield { at, bytes };
    }
  }
}

describe('a token for the acceptor', () => {
  it.each(['with a frame', 'without'])('with any octet changed is refused, %s', async how => {
    const flags = { dceStyle: how === 'without' };
    const token = (await createInitiator(credential, { ...asked, flags }).step())!;
    const harmless = new Set<number>();
    for (const { at, bytes } of mutations(token)) {
      const acceptor = createAcceptor(accept);
      if (!(await isTaken(acceptor.step(bytes)))) continue;
      harmless.add(at);
      if (flags.dceStyle) continue;
      const { initiator, acceptor: service, flags: found } = acceptor.info;
      expect([initiator, service.components]).toEqual([credential.client, credential.server.components]);
      expect(found).toMatchObject({ mutual: true, delegation: true });
    }
    // What no key protects and nobody needs: reserved bits of the options, the type of the service's name, and the octet
    // in which Windows' name of the mechanism differs.
    expect(harmless.size).toBeLessThanOrEqual(7);
  });

  it('that ends early is refused', async () => {
    const token = (await createInitiator(credential, asked).step())!;
    for (let length = 0; length < token.length; length++) {
      const acceptor = createAcceptor(accept);
      await expect(acceptor.step(token.subarray(0, length))).rejects.toMatchObject({
        major: 'DEFECTIVE_TOKEN',
      });
      expect(acceptor.established).toBe(false);
    }
  });

  it('of junk is refused', async () => {
    const heads = [
      [],
      [0x60],
      [0x6e],
      [0x60, 0x0f, 0x06, 9, ...Buffer.from('2a864886f712010202', 'hex'), 1, 0],
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 300 }), async (head, junk) => {
        const acceptor = createAcceptor(accept);
        expect(await isTaken(acceptor.step(Uint8Array.from([...head, ...junk])))).toBe(false);
      }),
    );
  });

  it('that nests without end, or claims a length that it has not, is refused at once', async () => {
    const nested = new Uint8Array(100_000).fill(0x30);
    for (let at = 1; at < nested.length; at += 2) nested[at] = 0x80;
    for (const token of [nested, Buffer.from('6084ffffffff06092a864886f712010202', 'hex')]) {
      await expect(createAcceptor(accept).step(token)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    }
  });

  it('of another mechanism is refused as such', async () => {
    const spnego = Buffer.from('600a06062b06010505020100', 'hex');
    await expect(createAcceptor(accept).step(spnego)).rejects.toMatchObject({ major: 'BAD_MECH' });
  });
});

describe('an answer for the initiator', () => {
  it.each(['mutual', 'DCE style'])('with any octet changed or missing is refused, %s', async how => {
    const flags = { dceStyle: how === 'DCE style' };
    const initiate = async () => {
      const initiator = createInitiator(credential, { ...asked, flags });
      const reply = (await createAcceptor(accept).step((await initiator.step())!))!;
      return { initiator, reply };
    };
    const { length } = (await initiate()).reply;
    for (let at = 0; at < length; at++) {
      for (const change of [
        flipped(at, 0x01),
        flipped(at, 0x80),
        (token: Uint8Array) => token.subarray(0, at),
      ]) {
        const { initiator, reply } = await initiate();
        const changed = change(reply);
        // A sequence number may be an octet shorter than that of the reply that was measured.
        if (Buffer.compare(changed, reply) === 0) continue;
        expect(await isTaken(initiator.step(changed))).toBe(false);
        expect(initiator.established).toBe(false);
      }
    }
  });

  it('that is not for it is refused', async () => {
    const initiator = createInitiator(credential, asked);
    const token = (await initiator.step())!;
    await expect(initiator.step(token)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });
});

describe('a last leg of DCE style', () => {
  it('with any octet changed or missing is refused', async () => {
    const flags = { dceStyle: true };
    const lastLeg = async () => {
      const initiator = createInitiator(credential, { ...asked, flags });
      const acceptor = createAcceptor(accept);
      const third = (await initiator.step(await acceptor.step((await initiator.step())!)))!;
      return { acceptor, third };
    };
    const { length } = (await lastLeg()).third;
    for (let at = 0; at < length; at++) {
      for (const change of [flipped(at, 0x04), (token: Uint8Array) => token.subarray(0, at)]) {
        const { acceptor, third } = await lastLeg();
        const changed = change(third);
        if (Buffer.compare(changed, third) === 0) continue;
        expect(await isTaken(acceptor.step(changed))).toBe(false);
        expect(acceptor.established).toBe(false);
      }
    }
  });
});

function flipped(at: number, bit: number): (token: Uint8Array) => Uint8Array {
  return token => {
    const bytes = new Uint8Array(token);
    bytes[at]! ^= bit;
    return bytes;
  };
}
