import type { Trace } from '../trace.ts';
import { openGroup, type SpakeCurve, type SpakeGroup, type SpakeParameters } from './spake-group.ts';

/** A group; the arithmetic of its curve is loaded when it is needed. */
export interface SpakeGroupRow extends SpakeParameters {
  curve(): Promise<SpakeCurve>;
}

/** Every group. */
export const spakeGroups: readonly SpakeGroupRow[] = [
  {
    number: 1,
    name: 'edwards25519',
    hash: 'sha256',
    hashLength: 32,
    scalarLength: 32,
    littleEndian: true,
    m: 'd048032c6ea0b6d697ddc2e86bda85a33adac920f1bf18e1b0c6d166a5cecdaf',
    n: 'd3bfb518f44f3430f29d0c92af503865a1ed3281dc69b35dd868ba85f886c4ab',
    curve: async () => (await import('@noble/curves/ed25519.js')).ed25519.Point,
  },
  {
    number: 2,
    name: 'P-256',
    hash: 'sha256',
    hashLength: 32,
    scalarLength: 32,
    m: '02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f',
    n: '03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49',
    curve: async () => (await import('@noble/curves/nist.js')).p256.Point,
  },
  {
    number: 3,
    name: 'P-384',
    hash: 'sha384',
    hashLength: 48,
    scalarLength: 48,
    m: '030ff0895ae5ebf6187080a82d82b42e2765e3b2f8749c7e05eba366434b363d3dc36f15314739074d2eb8613fceec2853',
    n: '02c72cf2e390853a1c1c4ad816a62fd15824f56078918f43f922ca21518f9c543bb252c5490214cf9aa3f0baab4b665c10',
    curve: async () => (await import('@noble/curves/nist.js')).p384.Point,
  },
  {
    number: 4,
    name: 'P-521',
    hash: 'sha512',
    hashLength: 64,
    scalarLength: 66,
    m:
      '02003f06f38131b2ba2600791e82488e8d20ab889af753a41806c5db18d37d85608c' +
      'fae06b82e4a72cd744c719193562a653ea1f119eef9356907edc9b56979962d7aa',
    n:
      '0200c7924b9ec017f3094562894336a53c50167ba8c5963876880542bc669e494b25' +
      '32d76c5b53dfb349fdf69154b9e0048c58a42e8ed04cef052a3bc349d95575cd25',
    curve: async () => (await import('@noble/curves/nist.js')).p521.Point,
  },
];

/** Loads a group. */
export async function loadGroup(row: SpakeGroupRow): Promise<SpakeGroup> {
  return openGroup(row, await row.curve());
}

/** The groups of krb5.conf's names, in their order; names that nobody knows are passed over, as MIT does. */
export function groupsNamed(names: readonly string[], trace: Trace): readonly SpakeGroupRow[] {
  return names.flatMap(name => {
    const known = spakeGroups.find(row => row.name.toLowerCase() === name.toLowerCase());
    if (known === undefined) trace(`Unrecognized SPAKE group name: ${name}`);
    return known ?? [];
  });
}
