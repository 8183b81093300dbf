import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KerberosError } from '../../src/errors.ts';
import { findNegotiate, formatNegotiate, parseChallenges } from '../../src/http/challenge.ts';
import { cpuTime } from '../support/cpu-time.ts';

describe('parseChallenges', () => {
  it.each([
    ['Negotiate', [['negotiate', undefined, {}]]],
    ['NEGOTIATE  YWJj', [['negotiate', 'YWJj', {}]]],
    [
      'Negotiate YQ==, NTLM',
      [
        ['negotiate', 'YQ==', {}],
        ['ntlm', undefined, {}],
      ],
    ],
    [
      'Basic realm="a, Negotiate \\"b\\"", charset=UTF-8 , , Negotiate',
      [
        ['basic', undefined, { realm: 'a, Negotiate "b"', charset: 'UTF-8' }],
        ['negotiate', undefined, {}],
      ],
    ],
    [
      'Digest qop = "auth", nonce=x,Negotiate',
      [
        ['digest', undefined, { qop: 'auth', nonce: 'x' }],
        ['negotiate', undefined, {}],
      ],
    ],
    ['', []],
    [',,, ,', []],
    ['realm=x', []],
    ['"Negotiate"', []],
    ['Negotiate "', [['negotiate', undefined, {}]]],
    ['@@, Negotiate', [['negotiate', undefined, {}]]],
  ])('of %j', (header, challenges) => {
    const read = parseChallenges(header);
    expect(
      read.map(({ scheme, token68, parameters }) => [scheme, token68, Object.fromEntries(parameters)]),
    ).toEqual(challenges);
  });

  it('of several headers', () => {
    expect(parseChallenges(['Basic realm=x', 'Negotiate']).map(({ scheme }) => scheme)).toEqual([
      'basic',
      'negotiate',
    ]);
  });

  it('of any text comes to an end, in time', async () => {
    const pieces = fc.constantFrom('Negotiate', ' ', ',', '"', '\\', '=', 'a', '\t', 'é', '\n', 'YWJj');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 200 }), words => {
        parseChallenges(words.join(''));
      }),
    );
    for (const piece of ['"\\', '\\', '",', 'a=', ' ', 'Negotiate a=,']) {
      const took = await cpuTime(() => parseChallenges(piece.repeat(130_000 / piece.length)));
      expect(took).toBeLessThan(2000);
    }
  });

  it('of a header beyond all bounds are none', () => {
    expect(parseChallenges(`Negotiate ${'A'.repeat(200_000)}`)).toEqual([]);
  });
});

describe('findNegotiate', () => {
  it('reads what formatNegotiate writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), token => {
        expect(Buffer.from(findNegotiate(`Basic realm="x", ${formatNegotiate(token)}`)!.token!)).toEqual(
          Buffer.from(token),
        );
      }),
    );
    expect(findNegotiate(formatNegotiate())).toEqual({ token: undefined });
  });

  it('finds none where there is none', () => {
    expect([undefined, '', 'Basic realm="Negotiate"', 'NTLM'].map(header => findNegotiate(header))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each(['Negotiate a=b', 'Negotiate YWJ', 'Negotiate Y===', 'Negotiate -_-_'])(
    'does not take %j for a token',
    header => {
      expect(() => findNegotiate(header)).toThrow(KerberosError);
    },
  );
});
