import { describe, expect, it } from 'vitest';
import { add, affine, double } from '../../src/crypto/ec-cubic.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { CodecError } from '../../src/errors.ts';
import { groupsNamed, spakeGroups, spakeParameters } from '../../src/preauth/spake/groups.ts';
import { hex, unhex } from '../crypto/support.ts';

/** M and N as RFC 9588 §5 has them. */
const ELEMENTS: Record<string, readonly [string, string]> = {
  edwards25519: [
    'd048032c6ea0b6d697ddc2e86bda85a33adac920f1bf18e1b0c6d166a5cecdaf',
    'd3bfb518f44f3430f29d0c92af503865a1ed3281dc69b35dd868ba85f886c4ab',
  ],
  'P-256': [
    '02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f',
    '03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49',
  ],
  'P-384': [
    '030ff0895ae5ebf6187080a82d82b42e2765e3b2f8749c7e05eba366434b363d3dc36f15314739074d2eb8613fceec2853',
    '02c72cf2e390853a1c1c4ad816a62fd15824f56078918f43f922ca21518f9c543bb252c5490214cf9aa3f0baab4b665c10',
  ],
  'P-521': [
    '02003f06f38131b2ba2600791e82488e8d20ab889af753a41806c5db18d37d85608c' +
      'fae06b82e4a72cd744c719193562a653ea1f119eef9356907edc9b56979962d7aa',
    '0200c7924b9ec017f3094562894336a53c50167ba8c5963876880542bc669e494b25' +
      '32d76c5b53dfb349fdf69154b9e0048c58a42e8ed04cef052a3bc349d95575cd25',
  ],
};

/** The points of edwards25519 whose order divides eight; the first are the identity and one of order eight. */
const SMALL = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
];

const groups = spakeParameters.map((parameters, i) => ({ parameters, group: spakeGroups[i]! }));

describe.each(groups)('$group.name', ({ parameters: { name, curve, ...parameters }, group }) => {
  const masks = group.masks(randomBytes(group.scalarLength));
  const good = group.publicKey('client', masks, group.randomScalar());
  const useOf = (element: Uint8Array) => () => group.sharedKey('kdc', masks, group.randomScalar(), element);
  const [m, n] = [parameters.m, parameters.n].map(({ x, y }) => ({
    x: BigInt(`0x${x}`),
    y: BigInt(`0x${y}`),
    z: 1n,
  }));

  it('has the elements of the RFC, of prime order', () => {
    expect([m, n].map(point => hex(curve.encode(point!)))).toEqual(ELEMENTS[name]);
    for (const point of [m!, n!]) {
      const doubled = affine(curve.cubic, double(curve.cubic, point)!);
      const product = affine(curve.cubic, curve.multiplier(curve.order - 2n)(point));
      expect(product).toEqual({ ...doubled, y: curve.cubic.prime - doubled.y });
    }
  });

  it('brings both to one element, and who has another password to another', () => {
    const [x, y] = [group.randomScalar(), group.randomScalar()];
    const T = group.publicKey('kdc', masks, x);
    const S = group.publicKey('client', masks, y);
    const K = hex(group.sharedKey('kdc', masks, x, S));
    expect(hex(group.sharedKey('client', masks, y, T))).toBe(K);
    const others = group.masks(randomBytes(group.scalarLength));
    expect(hex(group.sharedKey('client', others, y, T))).not.toBe(K);
  });

  it('makes secret scalars of one length, no two alike', () => {
    const scalars = Array.from({ length: 20 }, () => group.randomScalar());
    expect(new Set(scalars.map(hex)).size).toBe(20);
    expect(new Set(scalars.map(({ length }) => length))).toEqual(new Set([group.scalarLength]));
  });

  it('refuses a public key that makes the identity of K', () => {
    expect(useOf(curve.encode(masks.client))).toThrow(CodecError);
    expect(useOf(curve.encode(masks.kdc))).not.toThrow();
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
    const noPoints = others.filter(other => curve.decode(other) === undefined);
    expect(noPoints.length).toBeGreaterThan(10);
    expect(noPoints.length).toBeLessThan(54);
    for (const element of [new Uint8Array(good.length).fill(0xff), ...noPoints]) {
      expect(useOf(element), hex(element)).toThrow(CodecError);
    }
  });
});

describe('edwards25519', () => {
  const { group, parameters } = groups[0]!;
  const { curve } = parameters;
  const masks = group.masks(randomBytes(32));
  /** Adds a point of order eight. */
  const shift = (element: Uint8Array): Uint8Array => {
    const shifted = add(curve.cubic, curve.decode(element)!, curve.decode(unhex(SMALL[1]!))!)!;
    return curve.encode(shifted);
  };

  it.each(SMALL)('refuses the identity and its like: %s', element => {
    expect(() => group.sharedKey('client', masks, group.randomScalar(), unhex(element))).toThrow(CodecError);
  });

  it('refuses a public key that makes the like of the identity of K', () => {
    const element = shift(curve.encode(masks.client));
    expect(() => group.sharedKey('kdc', masks, group.randomScalar(), element)).toThrow(CodecError);
  });

  it('drops what a public key has outside the group of prime order', () => {
    const y = group.randomScalar();
    const T = group.publicKey('kdc', masks, group.randomScalar());
    const shifted = shift(T);
    expect(hex(shifted)).not.toBe(hex(T));
    expect(hex(group.sharedKey('client', masks, y, shifted))).toBe(
      hex(group.sharedKey('client', masks, y, T)),
    );
  });
});

describe("krb5.conf's names", () => {
  it('are taken in their order, whatever their case, and unknown ones are passed over', () => {
    const trace: string[] = [];
    const found = groupsNamed(['P-521', 'p-256', 'x448', 'EDWARDS25519'], line => trace.push(line));
    expect(found.map(({ number }) => number)).toEqual([4, 2, 1]);
    expect(trace).toEqual(['Unrecognized SPAKE group name: x448']);
  });
});
