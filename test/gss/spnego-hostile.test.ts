import { describe, expect, it } from 'vitest';
import type { SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { acceptNegotiation } from '../../src/gss/spnego/acceptor.ts';
import { initiateNegotiation } from '../../src/gss/spnego/initiator.ts';
import {
  decodeNegTokenInit,
  encodeNegTokenInit,
  InitialToken,
  MechTypeList,
  NegotiationResponse,
} from '../../src/gss/spnego/messages.ts';
import { converse, FAKE, fake, OTHER, type Tamper } from './spnego-support.ts';

/** Two sides: of the mechanism that both like best, and where the initiator would rather have another. */
const pairs: Record<string, (legs: number) => readonly [SecurityContext, SecurityContext]> = {
  'without MICs': legs => [
    initiateNegotiation([fake('initiator', { legs })]),
    acceptNegotiation([fake('acceptor', { legs })]),
  ],
  'with MICs': legs => [
    initiateNegotiation([
      fake('initiator', { legs: 2, name: 'other' }, [OTHER]),
      fake('initiator', { legs }),
    ]),
    acceptNegotiation([fake('acceptor', { legs })]),
  ],
};

describe.each(Object.entries(pairs))('of a negotiation %s', (_, pair) => {
  it.each([1, 2, 3])('any byte changed is noticed, or changes nothing, in %i legs', async legs => {
    const { tokens } = await converse(...pair(legs));
    for (const [number, token] of tokens.entries()) {
      for (let at = 0; at < token.length; at++) {
        for (const flip of [0x01, 0x02, 0x04, 0x20, 0x80, 0xff]) {
          await expectNoticed(pair(legs), number, original => {
            const changed = Uint8Array.from(original);
            changed[at]! ^= flip;
            return changed;
          });
        }
      }
    }
  });

  it.each([1, 2, 3])('any token cut short or made longer is refused, in %i legs', async legs => {
    const { tokens } = await converse(...pair(legs));
    for (const [number, token] of tokens.entries()) {
      for (let length = 0; length < token.length; length++) {
        // An empty first token asks for a hint.
        if (number === 0 && length === 0) continue;
        await expectRefused(pair(legs), number, original => original.subarray(0, length));
      }
      await expectRefused(pair(legs), number, original => Uint8Array.of(...original, 0));
    }
  });

  it.each([1, 2, 3])('any token that comes twice is refused, and ends nothing, in %i legs', async legs => {
    const { tokens } = await converse(...pair(legs));
    for (const number of tokens.keys()) {
      const sides = pair(legs);
      const replays: Promise<unknown>[] = [];
      await converse(...sides, (token, n) => {
        // The token before it, once more, after this conversation's end.
        if (n === number) replays.push(Promise.resolve(token));
        return token;
      });
      const again = (await replays[0]) as Uint8Array;
      for (const side of sides) {
        await expect(side.step(again)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
        expect(side.established).toBe(true);
      }
    }
  });

  it('any token of another’s conversation is refused at any turn', async () => {
    const { tokens } = await converse(...pair(3));
    for (const number of tokens.keys()) {
      for (const [other, token] of tokens.entries()) {
        if (other !== number) await expectRefused(pair(3), number, () => token);
      }
    }
  });
});

describe('whoever changes the list of mechanisms is noticed', () => {
  const withList =
    (oids: readonly string[]): Tamper =>
    (token, number) => {
      if (number !== 0) return token;
      const init = decodeNegTokenInit(InitialToken.decode(token).token);
      return encodeNegTokenInit({ ...init, mechTypes: MechTypeList.encode(oids) });
    };
  const BETTER = '1.3.6.1.4.1.99999.3';
  const sides = (legs: number) =>
    [
      initiateNegotiation([
        fake('initiator', { legs, name: 'better' }, [BETTER]),
        fake('initiator', { legs }),
        fake('initiator', { legs, name: 'other' }, [OTHER]),
      ]),
      acceptNegotiation([fake('acceptor', { legs, name: 'better' }, [BETTER]), fake('acceptor', { legs })]),
    ] as const;

  it.each<[string, readonly string[]]>([
    ['takes the best away', [FAKE, OTHER]],
    ['takes all but the worst away', [FAKE]],
    ['puts another first', [FAKE, BETTER, OTHER]],
    ['puts one first that nobody has', ['1.2.3', BETTER, FAKE, OTHER]],
    ['puts the worst first', [OTHER, FAKE, BETTER]],
  ])('who %s', async (_, list) => {
    for (const legs of [1, 2, 3]) {
      const [initiator, acceptor] = sides(legs);
      const { failure } = await converse(initiator, acceptor, withList(list));
      expect(failure).toBeInstanceOf(GssError);
      expect(initiator.established).toBe(false);
    }
  });

  it('and takes the acceptor’s asking for MICs away', async () => {
    const [initiator, acceptor] = sides(2);
    const { failure } = await converse(initiator, acceptor, (token, number) => {
      if (number % 2 === 0) return withList([FAKE])(token, number);
      const { mechListMIC: _, ...rest } = NegotiationResponse.decode(token);
      return NegotiationResponse.encode({ ...rest, negState: 0 });
    });
    expect(failure).toBeInstanceOf(GssError);
    expect(initiator.established).toBe(false);
  });
});

/** The conversation with its token of `number` changed ends in a GssError, and the side that got it is not established. */
async function expectRefused(
  sides: readonly [SecurityContext, SecurityContext],
  number: number,
  change: (token: Uint8Array) => Uint8Array,
): Promise<void> {
  const [initiator, acceptor] = sides;
  const { failure } = await converse(initiator, acceptor, (token, n) =>
    n === number ? change(token) : token,
  );
  expect(failure).toBeInstanceOf(GssError);
  expect((number % 2 === 0 ? acceptor : initiator).established).toBe(false);
}

/** As `expectRefused`, unless what was changed means nothing. */
async function expectNoticed(
  sides: readonly [SecurityContext, SecurityContext],
  number: number,
  change: (token: Uint8Array) => Uint8Array,
): Promise<void> {
  const [initiator, acceptor] = sides;
  let difference: readonly [Uint8Array, Uint8Array] | undefined;
  const { failure } = await converse(initiator, acceptor, (token, n) => {
    if (n !== number) return token;
    const changed = change(token);
    difference = [token, changed];
    return changed;
  });
  if (failure !== undefined) expect(failure).toBeInstanceOf(GssError);
  const receiver = number % 2 === 0 ? acceptor : initiator;
  if (!receiver.established) return;
  const [before, after] = difference!.map(token => meaningOf(token, number));
  expect(after).toEqual(before);
}

/** What counts in a token: not its state, nor a token for a mechanism that was not chosen. */
function meaningOf(token: Uint8Array, number: number): unknown {
  if (number > 0) {
    const { responseToken, mechListMIC } = NegotiationResponse.decode(token);
    return { responseToken, mechListMIC };
  }
  const init = decodeNegTokenInit(InitialToken.decode(token).token);
  const list = MechTypeList.decode(init.mechTypes);
  return { list, mechToken: list[0] === FAKE ? init.mechToken : undefined };
}
