'use strict';
// Starts one command: compiles its bundle with the V8 code cache made at build time, then calls its `start`.
// The built-in cache of Node is not used: its default place is a shared temporary directory.
const { existsSync, readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const bundles = `${__dirname}/../dist/bin/`;
const stampLength = 64;
const headerLength = 128;

/** Runs the command `name` with the arguments after the command's own name; `krb5kit klist …` is `klist …`. */
function run(name, argv) {
  const word = argv[0] ?? '';
  const isCommand =
    name === 'krb5kit' && /^[a-z][a-z0-9-]*$/.test(word) && existsSync(`${bundles}${word}.cjs`);
  return isCommand ? launch(word, argv.slice(1)) : launch(name, argv);
}

function launch(name, argv) {
  const filename = `${bundles}${name}.cjs`;
  const source = readFileSync(filename, 'utf8');
  const cachedData = codeCache(`${bundles}${name}.cache`, source);
  const script = new Script(wrap(source), { filename, cachedData });
  const module_ = { exports: {} };
  script.runInThisContext()(module_.exports, requireFromBundles, module_, filename, bundles);
  return module_.exports.start(argv);
}

function wrap(source) {
  return `(function(exports,require,module,__filename,__dirname){${source}\n})`;
}

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
  const half = (bytes.length - headerLength) / 2;
  if (half < 1 || !Number.isInteger(half)) return undefined;
  if (bytes.latin1Slice(0, headerLength) !== header(source.slice(2, 2 + stampLength))) return undefined;
  const payload = bytes.subarray(headerLength, headerLength + half);
  return payload.equals(bytes.subarray(headerLength + half)) ? payload : undefined;
}

/** The head of a cache file: the stamp of its bundle, a SHA-256 in hex, and the Node that made it. */
function header(stamp) {
  return `${stamp} ${process.version} ${process.platform} ${process.arch}`.padEnd(headerLength);
}

module.exports = { run, wrap, header };
