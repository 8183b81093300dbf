import { describe, expect, it } from 'vitest';
import { ReplayTable } from '../../src/kdc/replays.ts';

function authenticator(n: number) {
  const cipher = new Uint8Array(40);
  new DataView(cipher.buffer).setUint32(28, n);
  return { etype: 18, cipher };
}

describe('the replay table', () => {
  it('takes an authenticator once', () => {
    const table = new ReplayTable(1000);
    expect(table.admit(authenticator(1), 0)).toBe(true);
    expect(table.admit(authenticator(2), 0)).toBe(true);
    expect(table.admit(authenticator(1), 0)).toBe(false);
  });

  it('remembers it for as long as it is fresh, whenever that began', () => {
    const table = new ReplayTable(1000);
    table.admit(authenticator(1), 0);
    table.admit(authenticator(2), 999);
    expect(table.admit(authenticator(2), 1998)).toBe(false);
  });

  it('forgets it in the end', () => {
    const table = new ReplayTable(1000);
    table.admit(authenticator(1), 0);
    table.admit(authenticator(2), 1000);
    table.admit(authenticator(3), 2000);
    expect(table.admit(authenticator(1), 2000)).toBe(true);
  });

  it('is bounded: of very many the first are forgotten', () => {
    const table = new ReplayTable(1000);
    for (let n = 0; n < 200_000; n++) table.admit(authenticator(n), 0);
    expect(table.admit(authenticator(199_999), 0)).toBe(false);
    expect(table.admit(authenticator(0), 0)).toBe(true);
  });
});
