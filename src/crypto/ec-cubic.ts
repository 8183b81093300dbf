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
  if (p.x !== q.x) return third(curve, p, q, (q.y - p.y) * invert(q.x - p.x, curve.prime));
  return p.y === q.y ? double(curve, p) : undefined;
}

/** P - Q. */
export function subtract(curve: Cubic, p: Point, { x, y }: Point): Point | undefined {
  return add(curve, p, { x, y: modulo(-y, curve.prime) });
}

/** 2P. */
export function double(curve: Cubic, p: Point): Point | undefined {
  const { prime, a, b } = curve;
  if (p.y === 0n) return undefined;
  return third(curve, p, p, ((3n * p.x + 2n * a) * p.x + b) * invert(2n * p.y, prime));
}

/** kP, of whose coordinates one is known, as is that of (k + 1)P; P is not of order two. */
export function recover(curve: Cubic, p: Point, { x, next }: { x: bigint; next: bigint }): Point {
  const { prime, a } = curve;
  // The x of P + kP is y's square over x's less the three known terms; the square holds y but once without its own square.
  const distance = p.x - x;
  const square = distance * distance;
  const sum = cubic(curve, p.x) + cubic(curve, x) - (a + p.x + x + next) * square;
  return { x, y: modulo(modulo(sum, prime) * invert(2n * p.y, prime), prime) };
}

/** The sum of two points on the line of a slope. */
function third({ prime, a }: Cubic, p: Point, q: Point, slope: bigint): Point {
  const m = modulo(slope, prime);
  const x = modulo(m * m - a - p.x - q.x, prime);
  return { x, y: modulo(m * (p.x - x) - p.y, prime) };
}

function cubic({ a, b, c }: Cubic, x: bigint): bigint {
  return ((x + a) * x + b) * x + c;
}
