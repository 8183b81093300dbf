// The functions of node:crypto that a login by SPAKE needs in addition, for keys of X25519 as JWK.
import {
  createPrivateKey as ordinaryPrivateKey,
  createPublicKey as ordinaryPublicKey,
  diffieHellman as ordinarySecret,
} from 'node:crypto';
import { belowCrypto } from './lean-binding.mjs';

export function createPrivateKey(options) {
  return leanKey(options, 'd', 'kKeyTypePrivate') ?? ordinaryPrivateKey(options);
}

export function createPublicKey(options) {
  return leanKey(options, 'x', 'kKeyTypePublic') ?? ordinaryPublicKey(options);
}

export function diffieHellman(pair) {
  const { privateKey, publicKey } = pair;
  return privateKey instanceof LeanKey && publicKey instanceof LeanKey
    ? belowCrypto().statelessDH(privateKey.below, publicKey.below)
    : ordinarySecret(pair);
}

class LeanKey {
  constructor(below) {
    this.below = below;
  }
}

function leanKey({ key, format }, member, type) {
  const below = belowCrypto();
  if (below === undefined || format !== 'jwk' || key.crv !== 'X25519') return undefined;
  const made = new below.KeyObjectHandle();
  const bytes = Buffer.from(key[member], 'base64url');
  return made.initEDRaw(key.crv, bytes, below[type]) ? new LeanKey(made) : undefined;
}
