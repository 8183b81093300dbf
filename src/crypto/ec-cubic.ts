import { invert, modulo } from './ec-numbers.ts';

/** The curve y² = x³ + ax² + bx + c modulo a prime: a short Weierstrass one where a is 0, a Montgomery one where c is. */
export interface Cubic {
  readonly prime: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}

/** A point of a curve, not the identity, which is undefined: coordinates from 0 to the prime. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** P + Q. */
export function add(curve: Cubic, p: Point, q: Point): Point | undefined {
  const { prime, a } = curve;
  if (p.x === q.x) return p.y === q.y ? double(curve, p) : undefined;
  const slope = modulo((q.y - p.y) * invert(q.x - p.x, prime), prime);
  const x = modulo(slope * slope - a - p.x - q.x, prime);
  return { x, y: modulo(slope * (p.x - x) - p.y, prime) };
}

/** P - Q. */
export function subtract(curve: Cubic, p: Point, { x, y }: Point): Point | undefined {
  return add(curve, p, { x, y: modulo(-y, curve.prime) });
}

/** P doubled so many `times`; in Jacobian coordinates, x/z² and y/z³, as an inversion costs more than all the rest. */
export function double({ prime, a, b }: Cubic, p: Point, times = 1): Point | undefined {
  let { x, y } = p;
  let z = 1n;
  for (let i = 0; i < times; i++) {
    const [yy, zz] = [(y * y) % prime, (z * z) % prime];
    const slope = modulo((3n * x + 2n * a * zz) * x + b * zz * zz, prime);
    const product = 4n * x * yy;
    const nextX = modulo(slope * slope - 4n * a * yy * zz - 2n * product, prime);
    z = (2n * y * z) % prime;
    y = modulo(slope * (product - nextX) - 8n * yy * yy, prime);
    x = nextX;
  }
  if (z === 0n) return undefined;
  const inverse = invert(z, prime);
  const square = (inverse * inverse) % prime;
  return { x: modulo(x * square, prime), y: modulo(y * square * inverse, prime) };
}

/**
 * kP, of whose coordinates one is known, as is that of the `next` product, (k + 1)P; P is not of order two. In the sum
 * of P and kP, a square gives way to what it is on the curve, and then y stands alone.
 */
export function recover(curve: Cubic, p: Point, { x, next }: { x: bigint; next: bigint }): Point {
  const { prime, a } = curve;
  const distance = p.x - x;
  const square = distance * distance;
  const sum = cubic(curve, p.x) + cubic(curve, x) - (a + p.x + x + next) * square;
  return { x, y: modulo(modulo(sum, prime) * invert(2n * p.y, prime), prime) };
}

function cubic({ a, b, c }: Cubic, x: bigint): bigint {
  return ((x + a) * x + b) * x + c;
}
