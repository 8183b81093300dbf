import { invert, modulo } from './ec-numbers.ts';

/**
 * The curve y² = x³ + ax² + bx + c modulo a prime: a short Weierstrass curve if a is 0, a Montgomery curve if c is 0.
 */
export interface Cubic {
  readonly prime: bigint;
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}

/**
 * The point (x/z, y/z) of a curve; the identity is `undefined` instead. Coordinates are from 0 to the prime, and
 * homogeneous because an inversion costs more than everything else.
 */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

/** The same point with a z of 1. */
export function affine({ prime }: Cubic, p: Point): Point {
  if (p.z === 1n) return p;
  const inverse = invert(p.z, prime);
  return { x: (p.x * inverse) % prime, y: (p.y * inverse) % prime, z: 1n };
}

/** P + Q. */
export function add(curve: Cubic, p: Point, q: Point): Point | undefined {
  const { prime, a } = curve;
  const [px, py] = [(p.x * q.z) % prime, (p.y * q.z) % prime];
  // The slope of the line through both is rise / run.
  const rise = modulo(q.y * p.z - py, prime);
  const run = modulo(q.x * p.z - px, prime);
  if (run === 0n) return rise === 0n ? double(curve, p) : undefined;
  const z = (p.z * q.z) % prime;
  const square = (run * run) % prime;
  const cube = (square * run) % prime;
  const x = modulo((rise * rise - a * square) * z - square * (2n * px + run), prime);
  const y = modulo(rise * (px * square - x) - py * cube, prime);
  return { x: (run * x) % prime, y, z: (cube * z) % prime };
}

/** P - Q. */
export function subtract(curve: Cubic, p: Point, { x, y, z }: Point): Point | undefined {
  return add(curve, p, { x, y: modulo(-y, curve.prime), z });
}

/** P doubled `times` times. */
export function double({ prime, a, b }: Cubic, p: Point, times = 1): Point | undefined {
  let { x, y, z } = p;
  for (let i = 0; i < times; i++) {
    // The slope of the tangent is rise / run.
    const rise = modulo((3n * x + 2n * a * z) * x + b * z * z, prime);
    const run = (2n * y * z) % prime;
    const square = (run * run) % prime;
    const cube = (square * run) % prime;
    const nextX = modulo((rise * rise - a * square) * z - 2n * x * square, prime);
    y = modulo(rise * (x * square - nextX) - y * cube, prime);
    x = (run * nextX) % prime;
    z = (cube * z) % prime;
  }
  return z === 0n ? undefined : { x, y, z };
}

/**
 * kP, given its x and that of the `next` product, (k + 1)P; P has a z of 1 and is not of order two. The formula comes
 * from the sum of P and kP: with y² replaced by the right side of the curve's equation, it is linear in y.
 */
export function recover(curve: Cubic, p: Point, { x, next }: { x: bigint; next: bigint }): Point {
  const { prime, a } = curve;
  const distance = p.x - x;
  const square = distance * distance;
  const sum = cubic(curve, p.x) + cubic(curve, x) - (a + p.x + x + next) * square;
  const z = (2n * p.y) % prime;
  return { x: (x * z) % prime, y: modulo(sum, prime), z };
}

function cubic({ a, b, c }: Cubic, x: bigint): bigint {
  return ((x + a) * x + b) * x + c;
}
