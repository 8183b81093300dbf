import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { randomBytes } from '../../src/crypto/random.ts';
import { CodecError } from '../../src/errors.ts';
import type { SpakeCurve } from '../../src/preauth/spake-group.ts';
import { groupsNamed, loadGroup, type SpakeGroupRow, spakeGroups } from '../../src/preauth/spake-groups.ts';
import { hex, unhex } from '../crypto/support.ts';

const groups = await Promise.all(
  spakeGroups.map(async row => ({
    name: row.name,
    row,
    group: await loadGroup(row),
    curve: await row.curve(),
  })),
);

describe.each(groups)('$name', ({ row, group, curve }) => {
  const w = randomBytes(row.scalarLength);
  const good = group.publicKey('client', w, group.randomScalar());
  const useOf = (element: Uint8Array) => () => group.sharedKey('kdc', w, group.randomScalar(), element);

  it('brings both to one element, and who has another password to another', () => {
    const [x, y] = [group.randomScalar(), group.randomScalar()];
    const T = group.publicKey('kdc', w, x);
    const S = group.publicKey('client', w, y);
    const K = hex(group.sharedKey('kdc', w, x, S));
    expect(hex(group.sharedKey('client', w, y, T))).toBe(K);
    expect(hex(group.sharedKey('client', randomBytes(row.scalarLength), y, T))).not.toBe(K);
  });

  it('makes secret scalars of one length, no two alike', () => {
    const scalars = Array.from({ length: 20 }, () => group.randomScalar());
    expect(new Set(scalars.map(hex)).size).toBe(20);
    expect(new Set(scalars.map(({ length }) => length))).toEqual(new Set([row.scalarLength]));
  });

  it('refuses a public key that makes the identity of K', () => {
    const maskOfClient = curve.fromBytes(unhex(row.n)).multiply(integer(w, row) % curve.Fn.ORDER);
    expect(useOf(maskOfClient.toBytes())).toThrow(CodecError);
  });

  it('refuses another length', () => {
    for (const element of [
      new Uint8Array(0),
      Uint8Array.of(0),
      good.subarray(1),
      Buffer.concat([good, good]),
    ]) {
      expect(useOf(element), hex(element)).toThrow(CodecError);
    }
  });

  it('refuses what is no point', () => {
    const others = Array.from({ length: 64 }, (_, value) =>
      good.map((byte, i) => (i === good.length - 2 ? byte ^ (value + 1) : byte)),
    );
    const noPoints = others.filter(other => !isPoint(curve, other));
    expect(noPoints.length).toBeGreaterThan(0);
    for (const element of [new Uint8Array(good.length).fill(0xff), ...noPoints]) {
      expect(useOf(element), hex(element)).toThrow(CodecError);
    }
  });
});

describe('edwards25519', () => {
  const { group } = groups[0]!;
  const w = randomBytes(32);

  it.each(ED25519_TORSION_SUBGROUP)('refuses the identity and its like: %s', element => {
    expect(() => group.sharedKey('client', w, group.randomScalar(), unhex(element))).toThrow(CodecError);
  });

  it('drops what a public key has outside the group of prime order', () => {
    const y = group.randomScalar();
    const T = group.publicKey('kdc', w, group.randomScalar());
    const order8 = ed25519.Point.fromHex(ED25519_TORSION_SUBGROUP[1]!);
    const shifted = ed25519.Point.fromBytes(T).add(order8).toBytes();
    expect(hex(shifted)).not.toBe(hex(T));
    expect(hex(group.sharedKey('client', w, y, shifted))).toBe(hex(group.sharedKey('client', w, y, T)));
  });
});

describe("krb5.conf's names", () => {
  it('are taken in their order, whatever their case, and unknown ones are passed over', () => {
    const trace: string[] = [];
    const rows = groupsNamed(['P-521', 'p-256', 'x448', 'EDWARDS25519'], line => trace.push(line));
    expect(rows.map(({ number }) => number)).toEqual([4, 2, 1]);
    expect(trace).toEqual(['Unrecognized SPAKE group name: x448']);
  });
});

function integer(bytes: Uint8Array, { littleEndian }: SpakeGroupRow): bigint {
  return BigInt(`0x${hex(littleEndian ? bytes.toReversed() : bytes)}`);
}

function isPoint(curve: SpakeCurve, bytes: Uint8Array): boolean {
  try {
    curve.fromBytes(bytes);
    return true;
  } catch {
    return false;
  }
}
