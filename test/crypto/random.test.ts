import { describe, expect, it } from 'vitest';
import { fillRandom, randomBytes, randomNonce, randomUint32 } from '../../src/crypto/random.ts';
import { hex } from './support.ts';

describe('random bytes', () => {
  it.each([0, 1, 16, 4096, 5000])('come %i at a time', length => {
    expect(randomBytes(length)).toHaveLength(length);
  });

  it('do not repeat across refills of the pool', () => {
    const made = Array.from({ length: 2000 }, () => hex(randomBytes(12)));
    expect(new Set(made).size).toBe(2000);
  });

  it('cover every value', () => {
    expect(new Set(randomBytes(20_000)).size).toBe(256);
    const pooled = Array.from({ length: 10 }, () => [...randomBytes(2000)]).flat();
    expect(new Set(pooled).size).toBe(256);
  });

  it('fill only what is asked for', () => {
    const target = new Uint8Array(64);
    fillRandom(target, 16, 32);
    expect(target.subarray(0, 16)).toEqual(new Uint8Array(16));
    expect(target.subarray(48)).toEqual(new Uint8Array(16));
    expect(target.subarray(16, 48)).not.toEqual(new Uint8Array(32));
  });
});

describe('random numbers', () => {
  it('use all 32 bits', () => {
    const made = Array.from({ length: 1000 }, randomUint32);
    expect(made.every(value => Number.isInteger(value) && value >= 0 && value <= 0xffffffff)).toBe(true);
    expect(made.reduce((bits, value) => (bits | value) >>> 0, 0)).toBe(0xffffffff);
  });

  it('are positive 31-bit nonces', () => {
    const made = Array.from({ length: 1000 }, randomNonce);
    expect(made.every(nonce => nonce > 0 && nonce <= 0x7fffffff)).toBe(true);
    expect(new Set(made).size).toBeGreaterThan(990);
  });
});
