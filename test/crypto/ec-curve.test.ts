import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, affine, double, type Point, subtract } from '../../src/crypto/ec-cubic.ts';
import type { EcCurve } from '../../src/crypto/ec-curve.ts';
import { edwards25519 } from '../../src/crypto/ec-edwards25519.ts';
import { p256, p384, p521 } from '../../src/crypto/ec-nist.ts';
import { toBytes } from '../../src/crypto/ec-numbers.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { hex, unhex } from './support.ts';

/** With the base points of RFC 8032 §5.1 and SEC 2. */
const curves = [
  {
    name: 'edwards25519',
    curve: edwards25519,
    base: `58${'66'.repeat(31)}`,
  },
  {
    name: 'P-256',
    curve: p256,
    base: '036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
  },
  {
    name: 'P-384',
    curve: p384,
    base: '03aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7',
  },
  {
    name: 'P-521',
    curve: p521,
    base:
      '0200c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3db' +
      'aa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66',
  },
] as const;

// A product of P-521 takes 9 ms.
const numRuns = 8;

describe.each(curves)('$name', ({ name, curve, base }) => {
  const { cubic, order } = curve;
  const scalar = fc.uint8Array({ minLength: 80, maxLength: 80 }).map(bytes => {
    return (BigInt(`0x${hex(bytes)}`) % (order - 2n)) + 1n;
  });
  const point = scalar.map(k => curve.timesBase(k));
  const length = base.length / 2;
  /** A point by its two coordinates. */
  const plain = (p: Point | undefined) => p && affine(cubic, p);

  it('has the base point that all use', () => {
    expect(hex(curve.encode(curve.timesBase(1n)))).toBe(base);
    expect(plain(curve.decode(unhex(base)))).toEqual(plain(curve.timesBase(1n)));
  });

  it('makes of a small scalar what repeated addition does', () => {
    const start = curve.timesBase(0x1234569n);
    let sum: Point | undefined = start;
    for (let k = 1n; k < 20n; k++) {
      // With these neighbours of zero X25519 can do nothing.
      const lost = curve === edwards25519 && (k % 8n === 0n || k % 8n === 7n);
      if (lost) expect(() => curve.multiplier(k)).toThrow(RangeError);
      else expect(plain(curve.multiplier(k)(start)), String(k)).toEqual(plain(sum));
      sum = add(cubic, sum!, start);
    }
  });

  it('makes of a sum of scalars the sum of their products, on the curve', () => {
    const sums = fc.property(point, scalar, scalar, (p, a, b) => {
      fc.pre((a + b) % order !== 0n);
      const [ap, bp, sum] = [a, b, (a + b) % order].map(k => curve.multiplier(k)(p));
      expect(isOn(curve, sum!)).toBe(true);
      expect(plain(add(cubic, ap!, bp!))).toEqual(plain(sum));
      expect(plain(subtract(cubic, sum!, bp!))).toEqual(plain(ap));
    });
    fc.assert(sums, { numRuns });
  });

  it('makes of the base point what it makes of any', () => {
    const products = fc.property(scalar, k => {
      expect(plain(curve.timesBase(k))).toEqual(plain(curve.multiplier(k)(curve.timesBase(1n))));
    });
    fc.assert(products, { numRuns });
  });

  it('knows the inverse of a point, and that their sum is no point', () => {
    const p = curve.timesBase(12345n);
    const doubled = affine(cubic, double(cubic, p)!);
    const negative = { ...doubled, y: cubic.prime - doubled.y };
    expect(plain(curve.multiplier(order - 2n)(p))).toEqual(negative);
    expect(add(cubic, double(cubic, p)!, negative)).toBeUndefined();
    expect(subtract(cubic, p, p)).toBeUndefined();
    expect(plain(add(cubic, p, p))).toEqual(doubled);
    expect(plain(double(cubic, p, 3))).toEqual(plain(double(cubic, double(cubic, doubled)!)));
  });

  it.each([-1n, 0n, order - 1n, order, order + 1n])('has no product of %d', k => {
    expect(() => curve.multiplier(k)).toThrow(RangeError);
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(point, p => {
        expect(plain(curve.decode(curve.encode(p)))).toEqual(plain(p));
      }),
      { numRuns },
    );
  });

  it('decodes only points from random bytes, each in its canonical encoding', () => {
    let points = 0;
    const tries = 200;
    for (let i = 0; i < tries; i++) {
      const junk = randomBytes(length);
      // What is drawn is nearly always below the prime, so that every second one is of a point.
      if (curve !== edwards25519) junk[0] = 2 + (junk[0]! & 1);
      if (curve === p521) junk[1]! &= 1;
      const p = curve.decode(junk);
      if (p === undefined) continue;
      points++;
      expect(isOn(curve, p)).toBe(true);
      expect(hex(curve.encode(p))).toBe(hex(junk));
    }
    expect(points).toBeGreaterThan(tries / 4);
    expect(points).toBeLessThan((tries * 3) / 4);
  });

  it('reads any bytes without failing', () => {
    const lengths = [0, 1, length - 1, length, length + 1, 2 * length - 1];
    const bytes = fc
      .constantFrom(...lengths)
      .chain(size => fc.uint8Array({ minLength: size, maxLength: size }));
    fc.assert(
      fc.property(bytes, junk => {
        const p = curve.decode(junk);
        if (p !== undefined) expect([junk.length, isOn(curve, p)]).toEqual([length, true]);
      }),
    );
  });

  it('refuses coordinates that are not below the prime', () => {
    const room = 2n ** (name === 'edwards25519' ? 255n : BigInt(8 * (length - 1))) - cubic.prime;
    const small = Array.from({ length: 19 }, (_, i) => BigInt(i)).filter(i => i < room);
    const encodings = small.map(i => [bytesOf(curve, i, length), bytesOf(curve, cubic.prime + i, length)]);
    const known = encodings.filter(([canonical]) => curve.decode(canonical!) !== undefined);
    expect(known.length).toBeGreaterThan(3);
    for (const [, other] of encodings) expect(curve.decode(other!), hex(other!)).toBeUndefined();
  });
});

describe.each(curves.slice(1))('$name', ({ curve, base }) => {
  const [, ...x] = unhex(base);
  const { y } = curve.decode(unhex(base))!;

  it.each([0, 1, 4, 5, 6, 7, 255])('refuses an encoding that begins with %d', first => {
    const length = x.length;
    expect(curve.decode(Uint8Array.of(first, ...x))).toBeUndefined();
    const whole = Uint8Array.of(first, ...x, ...toBytes(y, length, 'big-endian'));
    expect(curve.decode(whole)).toBeUndefined();
  });
});

/** A compressed point with this coordinate. */
function bytesOf(curve: EcCurve, coordinate: bigint, length: number): Uint8Array {
  return curve === edwards25519
    ? toBytes(coordinate, length, 'little-endian')
    : Buffer.concat([Uint8Array.of(2), toBytes(coordinate, length - 1, 'big-endian')]);
}

function isOn({ cubic }: EcCurve, point: Point): boolean {
  const { prime, a, b, c } = cubic;
  const { x, y } = affine(cubic, point);
  const inRange = [x, y].every(number => number >= 0n && number < prime);
  return inRange && (y * y - (x ** 3n + a * x * x + b * x + c)) % prime === 0n;
}
