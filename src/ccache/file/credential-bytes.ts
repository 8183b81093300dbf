import { BinaryWriter } from '../../codec/binary.ts';
import type { Credential } from '../../messages/credential.ts';
import { writeCredential } from './credential-format.ts';

const encoded = new WeakMap<Credential, Uint8Array>();

/** A credential as in a cache file; a server sends and seals the same ones again and again. */
export function encodeCredential(credential: Credential): Uint8Array {
  let bytes = encoded.get(credential);
  if (bytes === undefined) {
    const writer = new BinaryWriter();
    writeCredential(writer, credential);
    bytes = writer.finish();
    encoded.set(credential, bytes);
  }
  return bytes;
}
