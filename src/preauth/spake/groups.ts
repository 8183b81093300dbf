import { edwards25519 } from '../../crypto/ec-edwards25519.ts';
import { p256, p384, p521 } from '../../crypto/ec-nist.ts';
import type { Trace } from '../../trace.ts';
import { openGroup, type SpakeGroup, type SpakeParameters } from './group.ts';

/** The parameters of every group. */
export const spakeParameters: readonly SpakeParameters[] = [
  {
    number: 1,
    name: 'edwards25519',
    hash: 'sha256',
    hashLength: 32,
    scalarLength: 32,
    curve: edwards25519,
    m: {
      x: '5938fce09bf3b19b5bcebe58a27788157b5a96bd213d07b288958ea171abdb5e',
      y: '34d99b4e3643b996da019d9b793fc81c960a17d0bd1c29a7c9f633816284acde',
    },
    n: {
      x: '5bec97b92262954cbef2875ce1934fb2d4c50fccdfa460f3056c26883a61a35f',
      y: '2179c6ae374d2b5efa51159bfadb835753fdfabdde86fc66434775a84390851a',
    },
  },
  {
    number: 2,
    name: 'P-256',
    hash: 'sha256',
    hashLength: 32,
    scalarLength: 32,
    curve: p256,
    m: {
      x: '886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f',
      y: '5ff355163e43ce224e0b0e65ff02ac8e5c7be09419c785e0ca547d55a12e2d20',
    },
    n: {
      x: 'd8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49',
      y: '07d60aa6bfade45008a636337f5168c64d9bd36034808cd564490b1e656edbe7',
    },
  },
  {
    number: 3,
    name: 'P-384',
    hash: 'sha384',
    hashLength: 48,
    scalarLength: 48,
    curve: p384,
    m: {
      x: '0ff0895ae5ebf6187080a82d82b42e2765e3b2f8749c7e05eba366434b363d3dc36f15314739074d2eb8613fceec2853',
      y: '97592c55797cdd77c0715cb7df2150220a0119866486af4234f390aad1f6addde5930909adc67a1fc0c99ba3d52dc5dd',
    },
    n: {
      x: 'c72cf2e390853a1c1c4ad816a62fd15824f56078918f43f922ca21518f9c543bb252c5490214cf9aa3f0baab4b665c10',
      y: 'c38b7d7f4e7f320317cd717315a797c7e02933aef68b364cbf84ebc619bedbe21ff5c69ea0f1fed5d7e3200418073f40',
    },
  },
  {
    number: 4,
    name: 'P-521',
    hash: 'sha512',
    hashLength: 64,
    scalarLength: 66,
    curve: p521,
    m: {
      x:
        '003f06f38131b2ba2600791e82488e8d20ab889af753a41806c5db18d37d85608c' +
        'fae06b82e4a72cd744c719193562a653ea1f119eef9356907edc9b56979962d7aa',
      y:
        '01bdd179a3d547610892e9b96dea1eab10bdd7ac5ae0cf75aa0f853bfd185cf782' +
        'f894301998b11d1898ede2701dca37a2bb50b4f519c3d89a7d054b51fb84912192',
    },
    n: {
      x:
        '00c7924b9ec017f3094562894336a53c50167ba8c5963876880542bc669e494b25' +
        '32d76c5b53dfb349fdf69154b9e0048c58a42e8ed04cef052a3bc349d95575cd25',
      y:
        '01c62bee650c9287a651bb75c7f39a2006873347b769840d261d17760b107e29f0' +
        '91d556a82a2e4cde0c40b84b95b878db2489ef760206424b3fe7968aa8e0b1f334',
    },
  },
];

/** Every group. */
export const spakeGroups: readonly SpakeGroup[] = spakeParameters.map(openGroup);

/** The groups with krb5.conf's names, in their order; unknown names are ignored, as in MIT. */
export function groupsNamed(names: readonly string[], trace: Trace): readonly SpakeGroup[] {
  return names.flatMap(name => {
    const known = spakeGroups.find(row => row.name.toLowerCase() === name.toLowerCase());
    if (known === undefined) trace(`Unrecognized SPAKE group name: ${name}`);
    return known ?? [];
  });
}
