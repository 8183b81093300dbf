import { getDiffieHellman } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Integer } from '../../src/codec/der/primitives.ts';
import { KerberosError } from '../../src/errors.ts';
import { groupOf, groupsFrom } from '../../src/preauth/pkinit/groups.ts';

const all = groupsFrom('2048');

describe.each(all)('the group $name', group => {
  it('gives both sides the same secret, in its own length', () => {
    const [one, other] = [group.generate(), group.generate()];
    const secret = one.agree(other.publicKey);
    expect(secret).toEqual(other.agree(one.publicKey));
    const bits = { '2048': 2048, 'P-256': 256, '4096': 4096, 'P-384': 384, 'P-521': 528 }[group.name];
    expect(secret.length * 8).toBe(bits);
  });

  it('is found by its parameters', () => {
    expect(groupOf(group.algorithm(), all)).toBe(group);
  });

  it('refuses the public keys of the others and junk', () => {
    const own = group.generate();
    for (const other of all) {
      if (other === group) continue;
      // A number that is large enough for the small group is none of its own.
      const { publicKey } = other.generate();
      if (other.name === '2048' && group.name === '4096') continue;
      expect(() => own.agree(publicKey), other.name).toThrow(KerberosError);
    }
    expect(() => own.agree(new Uint8Array(0))).toThrow(KerberosError);
    expect(() => own.agree(Uint8Array.of(4))).toThrow(KerberosError);
  });
});

describe('groups', () => {
  it('begin with the weakest that is permitted', () => {
    expect(groupsFrom('4096').map(({ name }) => name)).toEqual(['4096', 'P-384', 'P-521']);
  });

  it('are not found by the parameters of others', () => {
    expect(groupOf({ algorithm: '1.2.840.10046.2.1' }, all)).toBeUndefined();
    expect(groupOf({ algorithm: '1.2.3', parameters: Uint8Array.of(5, 0) }, all)).toBeUndefined();
    expect(groupOf(all[0]!.algorithm(), groupsFrom('4096'))).toBeUndefined();
  });

  it('refuse what is beyond the prime', () => {
    const p = BigInt(`0x${getDiffieHellman('modp14').getPrime('hex')}`);
    const own = all[0]!.generate();
    for (const y of [p, p - 1n, p + 4n, 1n << 5000n]) {
      expect(() => own.agree(Integer.encode(y))).toThrow(KerberosError);
    }
  });
});
