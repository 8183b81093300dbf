// The V8 code cache of a bundle, as scripts/launcher.cjs wants it.
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import launcher from './launcher.cjs';

/** The contents of the cache file of a bundle: the bytecode of its rehearsal or, without one, of all of its functions. */
export function codeCache(source, stamp, rehearsed) {
  const payload = rehearsed ?? complete(source);
  return Buffer.concat([Buffer.from(launcher.header(stamp, payload.length), 'latin1'), payload]);
}

// Without --no-lazy the cache would lack every function that a run compiles when it is first called.
function complete(source) {
  setFlagsFromString('--no-lazy');
  const script = new Script(source);
  setFlagsFromString('--lazy');
  return script.createCachedData();
}
