import type { CacheContents } from '../ccache/ccache.ts';
import { encodeCredential } from '../ccache/file/credential-bytes.ts';
import { writePrincipal } from '../ccache/file/credential-format.ts';
import { KcmFailure } from '../ccache/kcm/failure.ts';
import { KCM_RESULT } from '../ccache/kcm/protocol.ts';
import type { SealedCaches } from '../ccache/sealed/caches.ts';
import { BinaryWriter } from '../codec/binary.ts';
import type { Credential } from '../messages/credential.ts';

/** A cache is refused if its reply would be too long for any client. */
const MAX_CACHE = 8 << 20;
const MAX_ALL = 32 << 20;
const MAX_CACHES = 1000;

const sizes = new WeakMap<CacheContents | Credential, number>();

/** Throws what clients take for a lack of memory if a change has added too much. */
export function checkSizes(caches: SealedCaches, before: SealedCaches): void {
  for (const [name, contents] of caches.members) {
    if (contents === before.members.get(name)) continue;
    if (sizeOf(contents) > MAX_CACHE && sizeOf(contents) > sizeOf(before.members.get(name))) {
      throw new KcmFailure(KCM_RESULT.NOMEM, `KCM:${name}`, 'The credentials cache is full');
    }
  }
  const all = total(caches);
  const grown = all > total(before) || caches.members.size > before.members.size;
  if (grown && (all > MAX_ALL || caches.members.size > MAX_CACHES)) {
    throw new KcmFailure(KCM_RESULT.NOMEM, 'KCM:', 'The agent holds too much');
  }
}

function total({ members }: SealedCaches): number {
  let sum = 0;
  for (const contents of members.values()) sum += sizeOf(contents);
  return sum;
}

function sizeOf(contents: CacheContents | undefined): number {
  if (contents === undefined) return 0;
  return known(contents, () => {
    const principal = new BinaryWriter();
    writePrincipal(principal, contents.principal);
    // A change makes new contents, but of the same credentials.
    return contents.credentials.reduce(
      (sum, credential) => sum + known(credential, () => encodeCredential(credential).length + 4),
      principal.finish().length,
    );
  });
}

function known(what: CacheContents | Credential, measure: () => number): number {
  let size = sizes.get(what);
  if (size === undefined) {
    size = measure();
    sizes.set(what, size);
  }
  return size;
}
