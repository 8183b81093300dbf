'use strict';
// Starts one command: compiles its bundle with the V8 code cache made at build time, then calls its `start`.
// The built-in cache of Node is not used: its default place is a shared temporary directory.
const { existsSync, readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const bundles = `${__dirname}/../dist/bin/`;
const stampLength = 64;
const headerLength = 128;
/** In bytes: what is shorter is compiled in the time that its bytecode takes to load. */
const worthBytecode = 4096;

/** Runs the command `name` with the arguments after the command's own name; `krb5kit klist …` is `klist …`. */
function run(name, argv) {
  const word = argv[0] ?? '';
  const isCommand =
    name === 'krb5kit' && /^[a-z][a-z0-9-]*$/.test(word) && existsSync(`${bundles}${word}.cjs`);
  return isCommand ? launch(word, argv.slice(1)) : launch(name, argv);
}

function launch(name, argv) {
  without = new Map();
  return load(name).start(argv);
}

const loaded = new Map();
/** The sources of the bundles without bytecode of this Node's, by name; for a library, which leaves nothing behind, undefined. */
let without;

/** Runs a bundle, which is a function with the parameters of a CommonJS module, once; returns its exports. */
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const filename = `${bundles}${name}.cjs`;
  const source = readFileSync(filename, 'latin1'); // ASCII, as esbuild was told
  const cachedData = codeCache(`${bundles}${name}.cache`, source);
  if (cachedData === undefined && source.length >= worthBytecode) isWithout(name, source);
  const script = new Script(source, { filename, cachedData });
  const module_ = { exports: {} };
  loaded.set(name, module_);
  script.runInThisContext()(module_.exports, requireFromBundles, module_, filename, bundles);
  return module_.exports;
}

// A bundle asks for another one, or for a part of its own that not every use needs, as `./NAME.cjs`.
function requireFromBundles(id) {
  return id.startsWith('./') ? load(id.slice(2, -'.cjs'.length)) : require(id);
}

// V8 compares versions, flags and the length of the source, no more: a cache of another bundle of the same length, or
// one cut short, would be run. So the header must name this bundle, this Node and how much there is.
function codeCache(file, source) {
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  if (bytes.length < headerLength) return undefined;
  const expected = header(source.slice(2, 2 + stampLength), bytes.length - headerLength);
  return bytes.latin1Slice(0, headerLength) === expected ? bytes.subarray(headerLength) : undefined;
}

/** The head of a cache file: the stamp of its bundle, a SHA-256 in hex, the Node that made it, the bytes that follow. */
function header(stamp, length) {
  return `${stamp} ${process.version} ${process.platform} ${process.arch} ${length}`.padEnd(headerLength);
}

function isWithout(name, source) {
  if (without?.size === 0) process.once('exit', keepBytecode);
  without?.set(name, source);
}

// For the next command: a package comes without bytecode, and an upgrade of Node outdates it.
function keepBytecode() {
  const { NODE_OPTIONS, NODE_V8_COVERAGE } = process.env;
  if (process.execArgv.length > 0 || NODE_OPTIONS || NODE_V8_COVERAGE) return; // V8 takes it with the same alone
  try {
    const bytecode = require(`${bundles}../bytecode.cjs`);
    for (const [name, source] of without) {
      const stamp = source.slice(2, 2 + stampLength);
      bytecode.keepBytecode(`${bundles}${name}.cache`, source, length => header(stamp, length));
    }
  } catch {
    // A package that others own, a full disk: the command has done its work all the same.
  }
}

module.exports = { run, header, worthBytecode };
