import { createHash } from 'node:crypto';
import { importKey, type Key } from '../../crypto/key.ts';
import { cf2, prfPlus } from '../../crypto/prf.ts';
import type { SpakeGroup, SpakeMasks, SpakeParty } from './group.ts';

/** The bytes of w, the scalar that a key becomes in a group (RFC 9588 §5). */
export function deriveW(initialKey: Key, group: SpakeGroup): Uint8Array {
  const input = Buffer.concat([Buffer.from('SPAKEsecret'), uint32(group.number)]);
  return prfPlus(initialKey, input, group.scalarLength);
}

/** The transcript hash after `messages`, which count as one, follow on `before`; it begins with zeros (RFC 9588 §6). */
export function extendTranscript(
  group: SpakeGroup,
  before: Uint8Array | undefined,
  ...messages: readonly Uint8Array[]
): Uint8Array {
  const hash = createHash(group.hash);
  hash.update(before ?? new Uint8Array(group.hashLength));
  for (const message of messages) hash.update(message);
  return hash.digest();
}

/** What a client's long-term key is in a group; it serves for any number of exchanges. */
export interface SpakeSecret {
  readonly group: SpakeGroup;
  readonly initialKey: Key;
  readonly w: Uint8Array;
  readonly masks: SpakeMasks;
}

/** Makes of a key what SPAKE needs of it. */
export function openSecret(initialKey: Key, group: SpakeGroup): SpakeSecret {
  const w = deriveW(initialKey, group);
  return { group, initialKey, w, masks: group.masks(w) };
}

/** What one side has when it knows the public key of the other. */
interface SpakeHand {
  readonly secret: SpakeSecret;
  readonly scalar: Uint8Array;
  readonly peerKey: Uint8Array;
  readonly transcript: Uint8Array;
  /** The DER of the KDC-REQ-BODY of the request that brings the response. */
  readonly reqBody: Uint8Array;
}

/** The key of the reply, K'[0], and of the factor in the response, K'[1]. Throws CodecError for a bad public key. */
export function spakeKeys(
  party: SpakeParty,
  { secret, scalar, peerKey, transcript, reqBody }: SpakeHand,
): { readonly reply: Key; readonly factor: Key } {
  const { group, initialKey, w, masks } = secret;
  const sharedKey = group.sharedKey(party, masks, scalar, peerKey);
  const outcome = { group, initialKey, w, sharedKey, transcript, reqBody };
  const keys = { reply: deriveSpakeKey(outcome, 0), factor: deriveSpakeKey(outcome, 1) };
  sharedKey.fill(0);
  return keys;
}

/** What both sides know at the end of an exchange. */
interface SpakeOutcome {
  readonly group: SpakeGroup;
  readonly initialKey: Key;
  readonly w: Uint8Array;
  /** K. */
  readonly sharedKey: Uint8Array;
  readonly transcript: Uint8Array;
  /** The DER of the KDC-REQ-BODY of the request that the key goes with. */
  readonly reqBody: Uint8Array;
}

/** K'[n]: the reply key is 0, the client's first message is sealed in 1 (RFC 9588 §7). */
export function deriveSpakeKey(outcome: SpakeOutcome, n: number): Key {
  const { group, initialKey, w, sharedKey, transcript, reqBody } = outcome;
  const input = [
    Buffer.from('SPAKEkey'),
    uint32(group.number),
    uint32(initialKey.etype),
    w,
    sharedKey,
    transcript,
    reqBody,
    uint32(n),
  ];
  const { keyLength } = initialKey.profile;
  const seed = new Uint8Array(keyLength);
  for (let at = 0, block = 1; at < keyLength; block++) {
    const hash = createHash(group.hash);
    for (const part of input) hash.update(part);
    const digest = hash.update(Uint8Array.of(block)).digest();
    seed.set(digest.subarray(0, keyLength - at), at);
    at += digest.length;
    digest.fill(0);
  }
  const key = cf2(initialKey, importKey(initialKey.etype, seed), 'SPAKE', 'keyderiv');
  seed.fill(0);
  return key;
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
