import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import { ETYPES, hex } from '../crypto/support.ts';
import { CFX_ETYPES, majorOf, pairOf, sessionOf } from './message-support.ts';

const message = Buffer.from('a message');

describe.each(ETYPES)('messages under enctype %i', etype => {
  it('come through in both directions, sealed or not, in DCE style or not', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (bytes, seal, dceStyle, fromAcceptor) => {
          const { initiator, acceptor } = pairOf(sessionOf(etype), { dceStyle });
          const [from, to] = fromAcceptor ? [acceptor, initiator] : [initiator, acceptor];
          for (let i = 0; i < 3; i++) {
            const unwrapped = to.unwrap(from.wrap(bytes, { seal }));
            expect(unwrapped.sealed).toBe(seal);
            expect(hex(unwrapped.message)).toBe(hex(bytes));
            to.verifyMic(bytes, from.mic(bytes));
          }
        },
      ),
    );
  });

  it('are sealed unless told otherwise', () => {
    const { initiator, acceptor } = pairOf(sessionOf(etype));
    const token = initiator.wrap(message);
    expect(hex(token)).not.toContain(hex(message));
    expect(acceptor.unwrap(token).sealed).toBe(true);
    expect(hex(initiator.wrap(message, { seal: false }))).toContain(hex(message));
  });

  it('are left as they are', () => {
    const { initiator, acceptor } = pairOf(sessionOf(etype));
    for (const seal of [true, false]) {
      const bytes = Uint8Array.from(message);
      const token = initiator.wrap(bytes, { seal });
      const before = hex(token);
      acceptor.unwrap(token);
      expect(hex(token)).toBe(before);
      expect(hex(bytes)).toBe(hex(message));
    }
  });

  it.each([true, false])('that are as long as the limit, and no longer, fit; sealed: %s', seal => {
    for (const dceStyle of [false, true]) {
      const { initiator } = pairOf(sessionOf(etype), { dceStyle });
      for (let size = 0; size < 400; size++) {
        const limit = initiator.wrapSizeLimit(size, { seal });
        const fits = (length: number) => initiator.wrap(new Uint8Array(length), { seal }).length <= size;
        if (limit > 0) expect(fits(limit)).toBe(true);
        expect(fits(limit + 1)).toBe(false);
      }
      for (const size of [65535, 65536, 65600, 2 ** 24]) {
        const limit = initiator.wrapSizeLimit(size, { seal });
        expect(size - limit).toBeLessThan(120);
      }
    }
  });

  it('of 16 MiB come through', () => {
    const { initiator, acceptor } = pairOf(sessionOf(etype));
    const large = new Uint8Array(1 << 24).fill(3);
    for (const seal of [true, false]) {
      const { message: received } = acceptor.unwrap(initiator.wrap(large, { seal }));
      expect(Buffer.compare(received, large)).toBe(0);
    }
  }, 60_000);
});

describe('the key', () => {
  const session = sessionOf(18);

  it("is the acceptor's subkey, and the tokens say so", () => {
    const { initiator, acceptor } = pairOf(session);
    expect(initiator.wrap(message)[2]).toBe(0x06);
    expect(acceptor.wrap(message, { seal: false })[2]).toBe(0x05);
    expect(initiator.mic(message)[2]).toBe(0x04);
    const other = pairOf({ ...session, acceptorSubkey: randomKey(18) });
    expect(majorOf(() => other.acceptor.unwrap(initiator.wrap(message)))).toBe('BAD_MIC');
  });

  it("is the initiator's subkey, or the session key, where there is no other", () => {
    for (const changes of [
      { acceptorSubkey: undefined },
      { acceptorSubkey: undefined, initiatorSubkey: undefined },
    ]) {
      const { initiator, acceptor } = pairOf({ ...session, ...changes });
      const token = initiator.wrap(message);
      expect(token[2]).toBe(0x02);
      expect(hex(acceptor.unwrap(token).message)).toBe(hex(message));
    }
    const subkey = pairOf({ ...session, acceptorSubkey: undefined });
    const sessionKey = pairOf({ ...session, acceptorSubkey: undefined, initiatorSubkey: undefined });
    expect(majorOf(() => sessionKey.acceptor.unwrap(subkey.initiator.wrap(message)))).toBe('BAD_MIC');
  });

  it('changes the format of the tokens where the acceptor chooses a better enctype than RC4', () => {
    const upgraded = pairOf(sessionOf(23, { acceptorSubkey: randomKey(18) }));
    const token = upgraded.initiator.wrap(message);
    expect(hex(token.subarray(0, 3))).toBe('050406');
    expect(upgraded.acceptor.unwrap(token).sealed).toBe(true);
  });

  it("of an RC4 context is not the acceptor's, except in DCE style", () => {
    const rc4 = sessionOf(23);
    const without = { ...rc4, acceptorSubkey: undefined };
    const token = pairOf(rc4).initiator.wrap(message);
    expect(hex(pairOf(without).acceptor.unwrap(token).message)).toBe(hex(message));
    const dce = pairOf(rc4, { dceStyle: true }).initiator.wrap(message);
    expect(majorOf(() => pairOf(without, { dceStyle: true }).acceptor.unwrap(dce))).toBe('BAD_MIC');
  });

  it('of the pseudo-random bytes is the last that was agreed on, or the one before', () => {
    const { initiator, acceptor } = pairOf(session);
    const full = hex(initiator.prf(message, 40));
    const partial = hex(initiator.prf(message, 40, { partial: true }));
    expect(full).not.toBe(partial);
    expect(hex(acceptor.prf(message, 40))).toBe(full);
    const before = pairOf({ ...session, acceptorSubkey: undefined });
    expect(hex(before.initiator.prf(message, 40))).toBe(partial);
  });
});

describe('sequence numbers', () => {
  it('begin with those of the exchange, have 64 bits and count every token', () => {
    const { initiator, acceptor } = pairOf(
      sessionOf(17, { initiatorSequence: 0xffffffff, acceptorSequence: 7 }),
    );
    const numbers = [initiator.wrap(message), initiator.mic(message), acceptor.mic(message)].map(token =>
      hex(token.subarray(8, 16)),
    );
    expect(numbers).toEqual(['00000000ffffffff', '0000000100000000', '0000000000000007']);
  });

  it("begin with the initiator's at an acceptor that was not asked for one", () => {
    const { initiator, acceptor } = pairOf(
      sessionOf(17, { initiatorSequence: 9, acceptorSequence: undefined, mutual: false }),
    );
    const token = acceptor.wrap(message);
    expect(token[15]).toBe(9);
    expect(hex(initiator.unwrap(token).message)).toBe(hex(message));
  });

  it('begin with zero where nobody named one', () => {
    const unnamed = { initiatorSequence: undefined, acceptorSequence: undefined };
    expect(pairOf(sessionOf(17, unnamed)).initiator.mic(message)[15]).toBe(0);
    const asked = pairOf(sessionOf(17, { initiatorSequence: 5, acceptorSequence: undefined }));
    expect(asked.acceptor.mic(message)[15]).toBe(0);
  });

  it('of an RC4 context begin anew after 32 bits', () => {
    const { initiator, acceptor } = pairOf(sessionOf(23, { initiatorSequence: 0xfffffffe }));
    for (let i = 0; i < 4; i++)
      expect(hex(acceptor.unwrap(initiator.wrap(message)).message)).toBe(hex(message));
  });

  it.each([17, 23])('tell what comes again, late, or too early under enctype %i', etype => {
    const { initiator, acceptor } = pairOf(sessionOf(etype));
    const [first, second, third, fourth] = [1, 2, 3, 4].map(() => initiator.wrap(message));
    expect(majorOf(() => acceptor.unwrap(first!))).toBeUndefined();
    expect(majorOf(() => acceptor.unwrap(first!))).toBe('DUPLICATE_TOKEN');
    expect(majorOf(() => acceptor.unwrap(third!))).toBe('GAP_TOKEN');
    expect(majorOf(() => acceptor.unwrap(second!))).toBe('UNSEQ_TOKEN');
    expect(majorOf(() => acceptor.unwrap(third!))).toBe('DUPLICATE_TOKEN');
    expect(majorOf(() => acceptor.unwrap(fourth!))).toBeUndefined();
    const mic = initiator.mic(message);
    acceptor.verifyMic(message, mic);
    expect(majorOf(() => acceptor.verifyMic(message, mic))).toBe('DUPLICATE_TOKEN');
  });

  it('of tokens that do not verify count for nothing', () => {
    const { initiator, acceptor } = pairOf(sessionOf(18));
    const forged = Uint8Array.from(initiator.wrap(message));
    forged[15]! ^= 0x40;
    expect(majorOf(() => acceptor.unwrap(forged))).toBe('BAD_MIC');
    forged[15]! ^= 0x40;
    expect(majorOf(() => acceptor.unwrap(forged))).toBeUndefined();
  });
});

describe('rotated tokens', () => {
  function rotated(token: Uint8Array, count: number): Uint8Array {
    const body = [...token.subarray(16)];
    for (let i = 0; i < count % body.length; i++) body.unshift(body.pop()!);
    const out = Buffer.from([...token.subarray(0, 16), ...body]);
    out.writeUInt16BE(count, 6);
    return out;
  }

  it.each(CFX_ETYPES)('of enctype %i are read however often they went around', etype => {
    const { initiator, acceptor } = pairOf(sessionOf(etype), { replay: false, sequence: false });
    for (const seal of [true, false]) {
      const token = initiator.wrap(message, { seal });
      for (const count of [...Array(200).keys(), 255, 256, 4096, 65535])
        expect(hex(acceptor.unwrap(rotated(token, count)).message)).toBe(hex(message));
    }
  });

  it('stand before the message as Windows has them in DCE style', () => {
    const { initiator } = pairOf(sessionOf(18), { dceStyle: true });
    const sealed = initiator.wrap(message);
    expect(hex(sealed.subarray(4, 8))).toBe('0010001c');
    expect(sealed).toHaveLength(76 + message.length);
    const signed = initiator.wrap(message, { seal: false });
    expect(hex(signed.subarray(4, 8))).toBe('000c000c');
    expect(hex(signed.subarray(28))).toBe(hex(message));
    const rc4 = pairOf(sessionOf(23), { dceStyle: true }).initiator.wrap(message, { seal: false });
    expect(hex(rc4.subarray(0, 2))).toBe('602b');
    expect(hex(rc4.subarray(45))).toBe(hex(message));
  });

  it('are read in DCE style also from a peer that rotates nothing', () => {
    for (const etype of [18, 23]) {
      const session = sessionOf(etype, { acceptorSubkey: undefined });
      const plain = pairOf(session).initiator;
      const { acceptor } = pairOf(session, { dceStyle: true });
      for (const seal of [true, false])
        expect(hex(acceptor.unwrap(plain.wrap(message, { seal })).message)).toBe(hex(message));
    }
  });
});
