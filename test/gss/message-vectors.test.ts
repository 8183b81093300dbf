import { describe, expect, it } from 'vitest';
import { hex, unhex } from '../crypto/support.ts';
import { captured, majorOf, pairOf, sessionOfCaptured } from './message-support.ts';

const { message: messageHex, prfInput, contexts } = captured();
const message = unhex(messageHex);

describe.each(contexts)('a captured context of enctype $etype, in DCE style: $dceStyle', context => {
  const { dceStyle, tokens, etype } = context;

  it('has every token opened by the side that it is for', () => {
    expect(tokens.length).toBeGreaterThanOrEqual(4);
    const { initiator, acceptor } = pairOf(sessionOfCaptured(context), { dceStyle, sequence: false });
    for (const { from, kind, token } of tokens) {
      const to = from === 'initiator' ? acceptor : initiator;
      if (kind === 'mic') to.verifyMic(message, unhex(token));
      else {
        const unwrapped = to.unwrap(unhex(token));
        expect(hex(unwrapped.message)).toBe(messageHex);
        expect(unwrapped.sealed).toBe(kind === 'sealed');
      }
    }
  });

  it('has no token opened by the side that made it', () => {
    const sides = pairOf(sessionOfCaptured(context), { dceStyle });
    for (const { from, kind, token } of tokens) {
      const call = () =>
        kind === 'mic' ? sides[from].verifyMic(message, unhex(token)) : sides[from].unwrap(unhex(token));
      expect(majorOf(call)).toBe('BAD_MIC');
    }
  });

  it('has the same tokens made by us, where nothing in them is random', () => {
    const exact = tokens.filter(({ kind }) => kind === 'mic' || (kind === 'signed' && etype !== 23));
    for (const { from, kind, sequence, token } of exact) {
      const first = from === 'initiator' ? { initiatorSequence: sequence } : { acceptorSequence: sequence };
      const side = pairOf(sessionOfCaptured(context, first), { dceStyle })[from];
      expect(hex(kind === 'mic' ? side.mic(message) : side.wrap(message, { seal: false }))).toBe(token);
    }
  });

  it('has our tokens as long as theirs', () => {
    const sides = pairOf(sessionOfCaptured(context), { dceStyle });
    for (const { from, kind, token } of tokens.filter(({ kind }) => kind !== 'mic'))
      expect(sides[from].wrap(message, { seal: kind === 'sealed' })).toHaveLength(token.length / 2);
  });
});

describe('pseudo-random bytes', () => {
  const withPrf = contexts.filter(({ prf }) => prf !== undefined);

  it.each(withPrf)('of a captured context of enctype $etype come out alike, of both keys', context => {
    const { initiator, acceptor } = pairOf(sessionOfCaptured(context));
    expect(context.prf).toHaveLength(2);
    for (const { partial, output } of context.prf!) {
      const length = output.length / 2;
      expect(hex(initiator.prf(unhex(prfInput), length, { partial }))).toBe(output);
      expect(hex(acceptor.prf(unhex(prfInput), length, { partial }))).toBe(output);
    }
  });

  it('have any length asked for, each the beginning of the longer', () => {
    const { initiator } = pairOf(sessionOfCaptured(contexts[0]!));
    const long = hex(initiator.prf(message, 100));
    for (const length of [0, 1, 15, 16, 17, 99])
      expect(hex(initiator.prf(message, length))).toBe(long.slice(0, 2 * length));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 33])('of length %d are nothing to ask for', length => {
    const { initiator } = pairOf(sessionOfCaptured(contexts[0]!));
    expect(() => initiator.prf(message, length)).toThrow(TypeError);
  });
});
