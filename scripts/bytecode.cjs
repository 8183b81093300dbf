'use strict';
// Bytecode of bundles: the build makes it for the Node at hand, and a command that finds none, for a package is made
// without and an upgrade of Node outdates it, keeps it for the next one. Copied into dist/.
const {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { dirname } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

/** The V8 code cache of a bundle with all of its functions. */
function bytecodeOf(source) {
  setFlagsFromString('--no-lazy'); // or it would lack what a run compiles when it is first called
  const script = new Script(source);
  setFlagsFromString('--lazy');
  return script.createCachedData();
}

/** What a cache file contains: `head` of the payload's length, and the payload. */
function cacheFile(head, payload) {
  return Buffer.concat([Buffer.from(head(payload.length), 'latin1'), payload]);
}

/** Writes the cache file of a bundle; throws where the package must not be written to. */
function keepBytecode(file, source, head) {
  accessSync(dirname(file), constants.W_OK); // before the work
  const fresh = `${file}.${process.pid}`;
  try {
    const fd = openSync(fresh, 'wx', 0o644);
    try {
      writeFileSync(fd, cacheFile(head, bytecodeOf(source)));
      fchmodSync(fd, 0o644); // everyone runs it and its owner alone replaces it, whatever the umask
      fsyncSync(fd); // V8 would run what a crash of the system had left of it
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, file);
  } finally {
    rmSync(fresh, { force: true });
  }
}

module.exports = { bytecodeOf, cacheFile, keepBytecode };
