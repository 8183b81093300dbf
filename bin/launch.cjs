'use strict';
// Starts one command: compiles its bundle with the V8 code cache made at build time, then calls its `start`.
// The built-in cache of Node is not used: its default place is a shared temporary directory.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const bundles = `${__dirname}/../dist/bin/`;
const stampLength = 64;
const headerLength = 128;

/** Runs the command `name` with the arguments after the command's own name. */
module.exports = function launch(name, argv) {
  const filename = `${bundles}${name}.cjs`;
  const source = readFileSync(filename, 'utf8');
  const script = new Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
    filename,
    cachedData: codeCache(`${bundles}${name}.cache`, source),
  });
  const module_ = { exports: {} };
  script.runInThisContext()(module_.exports, requireFromBundles, module_, filename, bundles);
  return module_.exports.start(argv);
};

function requireFromBundles(id) {
  return require(id.startsWith('./') ? bundles + id : id);
}

// V8 compares versions, flags and the length of the source, no more: a cache of another bundle of the same
// length, or one with a flipped bit, would be run. So the header must name this bundle and this Node, and the
// payload is there twice: comparing the halves takes microseconds, a digest would take loading node:crypto.
function codeCache(file, source) {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const stamp = source.slice(2, 2 + stampLength);
  const header = `${stamp} ${process.version} ${process.platform} ${process.arch}`.padEnd(headerLength);
  const half = (bytes.length - headerLength) / 2;
  if (half < 1 || !Number.isInteger(half) || bytes.latin1Slice(0, headerLength) !== header) return undefined;
  const payload = bytes.subarray(headerLength, headerLength + half);
  return payload.equals(bytes.subarray(headerLength + half)) ? payload : undefined;
}
