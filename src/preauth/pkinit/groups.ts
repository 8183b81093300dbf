import { createECDH, getDiffieHellman } from 'node:crypto';
import type { ValueOf } from '../../codec/codec.ts';
import { Integer, ObjectIdentifier } from '../../codec/der/primitives.ts';
import { sequence } from '../../codec/der/schema.ts';
import { bytesToHex, hexToBytes } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { AlgorithmIdentifier } from '../../messages/pkinit.ts';
import type { PkinitGroupName } from './options.ts';

type Algorithm = ValueOf<typeof AlgorithmIdentifier>;

/** A Diffie-Hellman group, a row of the table. */
export interface PkinitGroup {
  readonly name: PkinitGroupName;
  /** The algorithm as in a SubjectPublicKeyInfo; made when it is asked for. */
  algorithm(): Algorithm;
  generate(): DhPair;
}

/** One side's key pair. */
export interface DhPair {
  /** The content of the BIT STRING that carries a public key. */
  readonly publicKey: Uint8Array;
  /** The shared secret, in the fixed length of the group. Throws KerberosError CODEC for a key outside the group. */
  agree(peer: Uint8Array): Uint8Array;
}

/** RFC 3279 §2.3.3 and §2.3.5. */
const DH_PUBLIC_NUMBER = '1.2.840.10046.2.1';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

/** RFC 3279 §2.3.3, without the optional validation parameters, which nobody verifies. */
const DomainParameters = sequence('DomainParameters', { p: Integer, g: Integer, q: Integer });

/** Weakest first. */
const GROUPS: readonly PkinitGroup[] = [
  modp('2048', 'modp14'),
  curve('P-256', 'prime256v1', '1.2.840.10045.3.1.7'),
  modp('4096', 'modp16'),
  curve('P-384', 'secp384r1', '1.3.132.0.34'),
  curve('P-521', 'secp521r1', '1.3.132.0.35'),
];

/** The groups that are at least as strong as `weakest`, which comes first. */
export function groupsFrom(weakest: PkinitGroupName): readonly PkinitGroup[] {
  return GROUPS.slice(GROUPS.findIndex(({ name }) => name === weakest));
}

/** The one of `groups` that a SubjectPublicKeyInfo names; undefined if it is none of them. Throws CodecError. */
export function groupOf(
  { algorithm, parameters }: Algorithm,
  groups: readonly PkinitGroup[],
): PkinitGroup | undefined {
  if (parameters === undefined) return undefined;
  return groups.find(group => {
    const own = group.algorithm();
    if (own.algorithm !== algorithm) return false;
    if (algorithm === EC_PUBLIC_KEY) return Buffer.compare(own.parameters!, parameters) === 0;
    // Peers may include optional parameters, which we omit.
    const [ours, theirs] = [DomainParameters.decode(own.parameters!), DomainParameters.decode(parameters)];
    return ours.p === theirs.p && ours.g === theirs.g;
  });
}

/** A group of RFC 3526, whose primes are safe ones. */
function modp(name: PkinitGroupName, group: string): PkinitGroup {
  return {
    name,
    algorithm() {
      const { p, g } = numbersOf(group);
      const parameters = DomainParameters.encode({ p, g, q: (p - 1n) / 2n });
      return { algorithm: DH_PUBLIC_NUMBER, parameters };
    },
    generate() {
      const own = getDiffieHellman(group);
      const publicKey = Integer.encode(toNumber(own.generateKeys()));
      const { p } = numbersOf(group);
      const length = own.getPrime().length;
      return {
        publicKey,
        agree(peer) {
          const y = Integer.decode(peer);
          if (y < 2n || y > p - 2n || jacobi(y, p) !== 1) throw notOfGroup(name);
          return own.computeSecret(toBytes(y, length));
        },
      };
    },
  };
}

function curve(name: PkinitGroupName, curveName: string, oid: string): PkinitGroup {
  return {
    name,
    algorithm: () => ({ algorithm: EC_PUBLIC_KEY, parameters: ObjectIdentifier.encode(oid) }),
    generate() {
      const own = createECDH(curveName);
      const publicKey = own.generateKeys();
      return {
        publicKey,
        agree(peer) {
          // RFC 5349 §3 and RFC 5480 §2.2: an uncompressed point, of the same length as ours.
          if (peer.length !== publicKey.length || peer[0] !== 4) throw notOfGroup(name);
          try {
            return own.computeSecret(peer);
          } catch (cause) {
            throw notOfGroup(name, cause);
          }
        },
      };
    },
  };
}

function numbersOf(group: string): { p: bigint; g: bigint } {
  const dh = getDiffieHellman(group);
  return { p: toNumber(dh.getPrime()), g: toNumber(dh.getGenerator()) };
}

/**
 * The Jacobi symbol: 1 for the squares modulo a prime, which are the subgroup that 2 generates modulo a safe prime
 * congruent to 7 modulo 8. A public key outside the subgroup would reveal a bit of our secret.
 */
function jacobi(number: bigint, modulus: bigint): number {
  let [a, n, sign] = [number % modulus, modulus, 1];
  while (a !== 0n) {
    while ((a & 1n) === 0n) {
      a >>= 1n;
      const rest = n & 7n;
      if (rest === 3n || rest === 5n) sign = -sign;
    }
    [a, n] = [n, a];
    if ((a & 3n) === 3n && (n & 3n) === 3n) sign = -sign;
    a %= n;
  }
  return n === 1n ? sign : 0;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes)}`);
}

function toBytes(number: bigint, length: number): Uint8Array {
  return hexToBytes(number.toString(16).padStart(2 * length, '0'));
}

function notOfGroup(name: string, cause?: unknown): KerberosError {
  return new KerberosError('CODEC', `a public key that is not of the group ${name}`, { cause });
}
