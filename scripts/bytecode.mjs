import bytecode from './bytecode.cjs';
import launcher from './launcher.cjs';

/** The contents of the cache file of a bundle: the bytecode of its rehearsal or, without one, of all of its functions. */
export function codeCache(source, stamp, rehearsed) {
  return bytecode.cacheFile(
    length => launcher.header(stamp, length),
    rehearsed ?? bytecode.bytecodeOf(source),
  );
}
