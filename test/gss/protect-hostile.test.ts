import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/crypto/key.ts';
import type { GssMajor } from '../../src/gss/gss-error.ts';
import { ETYPES, hex } from '../crypto/support.ts';
import { CFX_ETYPES, majorOf, pairOf, sessionOf } from './message-support.ts';

const message = Buffer.from('twenty bytes of data');
const INTEGRITY: readonly (GssMajor | undefined)[] = ['BAD_MIC', 'DEFECTIVE_TOKEN'];

/** Every way to change one byte of `token`. */
function* mutations(token: Uint8Array): Generator<{ at: number; changed: Uint8Array }> {
  for (let at = 0; at < token.length; at++) {
    for (const mask of [0x01, 0x02, 0x04, 0x10, 0x80, 0xff]) {
      const changed = Uint8Array.from(token);
      changed[at]! ^= mask;
      yield { at, changed };
    }
  }
}

describe.each(CFX_ETYPES)('a token of RFC 4121 under enctype %i', etype => {
  const sides = pairOf(sessionOf(etype), { replay: false, sequence: false });
  const dce = pairOf(sessionOf(etype), { replay: false, sequence: false, dceStyle: true });

  it.each([
    ['sealed', sides, true],
    ['signed', sides, false],
    ['sealed in DCE style', dce, true],
    ['signed in DCE style', dce, false],
  ] as const)('is refused when it is %s and any byte is changed', (_, { initiator, acceptor }, seal) => {
    const token = initiator.wrap(message, { seal });
    const bodyLength = token.length - 16;
    const rotation = (token[6]! << 8) | token[7]!;
    for (const { at, changed } of mutations(token)) {
      const other = (changed[6]! << 8) | changed[7]!;
      // The rotation is not protected: one by whole turns more or less is none.
      const turned = (at === 6 || at === 7) && (other - rotation) % bodyLength === 0;
      if (turned) expect(hex(acceptor.unwrap(changed).message)).toBe(hex(message));
      else expect(INTEGRITY).toContain(majorOf(() => acceptor.unwrap(changed)));
    }
  });

  it('is refused when a message comes with a changed MIC token, or another message with it', () => {
    const token = sides.initiator.mic(message);
    for (const { changed } of mutations(token))
      expect(INTEGRITY).toContain(majorOf(() => sides.acceptor.verifyMic(message, changed)));
    for (const { changed } of mutations(message))
      expect(majorOf(() => sides.acceptor.verifyMic(changed, token))).toBe('BAD_MIC');
    expect(majorOf(() => sides.acceptor.verifyMic(message.subarray(1), token))).toBe('BAD_MIC');
  });

  it('is refused at every length but its own', () => {
    for (const { initiator, acceptor } of [sides, dce]) {
      for (const seal of [true, false]) {
        const token = initiator.wrap(message, { seal });
        for (let length = 0; length < token.length; length++)
          expect(INTEGRITY).toContain(majorOf(() => acceptor.unwrap(token.subarray(0, length))));
        expect(majorOf(() => acceptor.unwrap(Buffer.concat([token, Buffer.of(0)])))).toBe('BAD_MIC');
      }
    }
    const mic = sides.initiator.mic(message);
    for (let length = 0; length < mic.length; length++)
      expect(majorOf(() => sides.acceptor.verifyMic(message, mic.subarray(0, length)))).toBe(
        'DEFECTIVE_TOKEN',
      );
    const longer = Buffer.concat([mic, Buffer.of(0)]);
    expect(majorOf(() => sides.acceptor.verifyMic(message, longer))).toBe('DEFECTIVE_TOKEN');
  });

  it('is refused when it claims more filler than there is, or some of the message as filler', () => {
    const token = Uint8Array.from(sides.initiator.wrap(message));
    for (const [filler, major] of [
      [0xffff, 'DEFECTIVE_TOKEN'],
      [message.length + 1, 'DEFECTIVE_TOKEN'],
      [message.length, 'BAD_MIC'],
      [1, 'BAD_MIC'],
    ] as const) {
      token[4] = filler >> 8;
      token[5] = filler;
      expect(majorOf(() => sides.acceptor.unwrap(token))).toBe(major);
    }
  });
});

describe.each(ETYPES)('tokens under enctype %i', etype => {
  const session = sessionOf(etype);
  const { initiator, acceptor } = pairOf(session, { replay: false, sequence: false });

  it('are refused by whoever made them', () => {
    for (const seal of [true, false]) {
      expect(majorOf(() => initiator.unwrap(initiator.wrap(message, { seal })))).toBe('BAD_MIC');
      expect(majorOf(() => acceptor.unwrap(acceptor.wrap(message, { seal })))).toBe('BAD_MIC');
    }
    expect(majorOf(() => initiator.verifyMic(message, initiator.mic(message)))).toBe('BAD_MIC');
  });

  it('are refused under other keys', () => {
    const subkeys = { initiatorSubkey: randomKey(etype), acceptorSubkey: randomKey(etype) };
    const other = pairOf({ ...session, ...subkeys }).acceptor;
    for (const seal of [true, false])
      expect(majorOf(() => other.unwrap(initiator.wrap(message, { seal })))).toBe('BAD_MIC');
    expect(majorOf(() => other.verifyMic(message, initiator.mic(message)))).toBe('BAD_MIC');
  });

  it('are not taken for one another', () => {
    expect(majorOf(() => acceptor.unwrap(initiator.mic(message)))).toBe('DEFECTIVE_TOKEN');
    expect(majorOf(() => acceptor.verifyMic(message, initiator.wrap(message)))).toBe('DEFECTIVE_TOKEN');
  });

  it('are only tokens that the peer made: anything else ends in an error of GSS-API', () => {
    const heads = [initiator.wrap(message), initiator.wrap(message, { seal: false }), initiator.mic(message)];
    fc.assert(
      fc.property(fc.nat(2), fc.nat(60), fc.uint8Array({ maxLength: 120 }), (kind, keep, tail) => {
        const token = Buffer.concat([heads[kind]!.subarray(0, keep), tail]);
        fc.pre(Buffer.compare(token, heads[kind]!) !== 0);
        expect(INTEGRITY).toContain(majorOf(() => acceptor.unwrap(token)));
        expect(INTEGRITY).toContain(majorOf(() => acceptor.verifyMic(message, token)));
      }),
    );
  });
});

describe('a token of RFC 1964', () => {
  const session = sessionOf(23);
  const strict = () => pairOf(session);

  it.each([true, false])('is refused when any byte is changed; sealed: %s', seal => {
    const { initiator } = strict();
    const token = initiator.wrap(message, { seal });
    for (const { changed } of mutations(token)) {
      const major = majorOf(() => strict().acceptor.unwrap(changed));
      expect(major).toBeDefined();
      // An unsealed token's number is not protected by anything but its place in the sequence.
      if (seal) expect(INTEGRITY).toContain(major);
    }
  });

  it('is refused when any byte of a MIC token is changed', () => {
    const { initiator } = strict();
    for (const { changed } of mutations(initiator.mic(message)))
      expect(majorOf(() => strict().acceptor.verifyMic(message, changed))).toBeDefined();
  });

  it('is refused at every length but its own', () => {
    for (const dceStyle of [false, true]) {
      const { initiator, acceptor } = pairOf(session, { dceStyle });
      for (const token of [initiator.wrap(message), initiator.wrap(message, { seal: false })]) {
        for (let length = 0; length < token.length; length++)
          expect(INTEGRITY).toContain(majorOf(() => acceptor.unwrap(token.subarray(0, length))));
        expect(INTEGRITY).toContain(majorOf(() => acceptor.unwrap(Buffer.concat([token, Buffer.of(1)]))));
      }
    }
  });

  it.each([
    ['no length', '60'],
    ['an endless length', '6080'],
    ['a length of lengths', '60ff'],
    ['a huge length', '6084ffffffff06092a864886f71201020202011100'],
    ['a length in more octets than it needs', '60810b06092a864886f712010202'],
    ['nothing behind its mechanism', '600b06092a864886f712010202'],
    ['less than its mechanism', '600a06092a864886f712010202'],
    ['another mechanism', '602306092b06010505020201020201'],
  ])('is defective with %s', (_, token) => {
    for (const dceStyle of [false, true]) {
      const { acceptor } = pairOf(session, { dceStyle });
      const bytes = Buffer.from(token, 'hex');
      expect(majorOf(() => acceptor.unwrap(bytes))).toBe('DEFECTIVE_TOKEN');
      expect(majorOf(() => acceptor.verifyMic(message, bytes))).toBe('DEFECTIVE_TOKEN');
    }
  });

  it('has only padding that is one', () => {
    // In DCE style nothing is padded, so that the message's own end stands where padding does.
    const dce = () => pairOf({ ...session, acceptorSubkey: undefined }, { dceStyle: true }).initiator;
    for (const [end, length] of [
      [[1], 0],
      [[2, 2], 0],
      [[7, 1], 1],
      [[0], undefined],
      [[1, 2], undefined],
      [[9], undefined],
      [Array(9).fill(9), undefined],
    ] as const) {
      const body = Buffer.from(end);
      const token = Buffer.from(dce().wrap(body, { seal: false }));
      token[1] = token[1]! + body.length;
      const unwrap = () => strict().acceptor.unwrap(token);
      if (length === undefined) expect(majorOf(unwrap)).toBe('DEFECTIVE_TOKEN');
      else expect(unwrap().message).toHaveLength(length);
    }
  });
});
