import { BinaryReader, BinaryWriter } from '../../codec/binary.ts';
import type { Codec } from '../../codec/codec.ts';
import { bytesToText, textToBytes } from '../../codec/text.ts';
import { CcacheError } from '../../errors.ts';
import type { CacheContents } from '../ccache.ts';
import { encodeCredential } from '../file/credential-bytes.ts';
import { CcacheFile, encodeCache, MAX_CACHE_BYTES } from '../file/format.ts';

/** The caches of a collection by their names. */
export interface SealedCaches {
  /** The name of the primary cache; it may name one that is not there. */
  readonly primary: string;
  readonly members: ReadonlyMap<string, CacheContents>;
}

/**
 * What the sealed file holds: the primary's name, the number of caches, each as name and cache file. Refuses to encode
 * what could not be decoded, with CcacheError CACHE_IO, because with it everything else would be lost.
 */
export const SealedCaches: Codec<SealedCaches> = {
  encode({ primary, members }) {
    const writer = new BinaryWriter();
    writer.counted16(textToBytes(primary));
    writer.u32(members.size);
    for (const [name, contents] of members) {
      writer.counted16(textToBytes(name));
      const cache = encodeCache(contents, (to, credential) => to.put(encodeCredential(credential)));
      if (cache.length > MAX_CACHE_BYTES) throw tooLarge(`KEYCHAIN:${name}`);
      writer.counted32(cache);
    }
    return writer.finish();
  },
  decode(bytes) {
    const reader = new BinaryReader(bytes);
    const primary = bytesToText(reader.counted16('primary'));
    const members = new Map<string, CacheContents>();
    for (let left = reader.u32('count'); left > 0; left--) {
      const name = bytesToText(reader.counted16('name'));
      members.set(name, CcacheFile.decode(reader.counted32('cache')));
    }
    if (reader.remaining() > 0) throw reader.error('bytes after the end', 'caches');
    return { primary, members };
  },
};

/** The error for tickets that would not be read again. */
export function tooLarge(cache: string): CcacheError {
  return new CcacheError('CACHE_IO', `There are too many tickets to be sealed in ${cache}`, cache);
}
