'use strict';
// Preloaded into a built command. Every step that changes a file or speaks to the keychain has a name, such as
// `before renameSync 2`; the command is killed at the one that KILL_POINT names, and says so on stderr. Where it names
// none, all of them are told as they come. What is found after a step is what is found before the next; the last is the end.
require('./no-keyrings.cjs');
const fs = require('node:fs');
const net = require('node:net');
const childProcess = require('node:child_process');

const wanted = process.env.KILL_POINT;
const { writeSync, constants } = fs;
const WRITING = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT;
const CHANGES = [
  'appendFileSync',
  'chmodSync',
  'copyFileSync',
  'ftruncateSync',
  'linkSync',
  'mkdirSync',
  'mkdtempSync',
  'renameSync',
  'rmdirSync',
  'rmSync',
  'symlinkSync',
  'truncateSync',
  'unlinkSync',
  'writeFileSync',
];
// The commands change files by synchronous calls alone; one that begins to do otherwise is to be counted here.
const UNCOUNTED = ['appendFile', 'open', 'rename', 'rm', 'unlink', 'write', 'writeFile', 'createWriteStream'];

/** Files that are open for writing; the terminal is none. */
const open = new Set();
const children = new Set();
/** How often each kind of step has come. */
const counts = new Map();

function nameOf(kind) {
  return `${kind} ${(counts.get(kind) ?? 0) + 1}`;
}

function step(kind) {
  const name = nameOf(kind);
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
  if (wanted === '') writeSync(2, `step ${name}\n`);
  if (name === wanted) kill(name);
}

function kill(name) {
  for (const { pid } of children) writeSync(2, `outlived by ${pid}\n`);
  writeSync(2, `killed ${name}\n`);
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function counted(object, name, applies = () => true) {
  const original = object[name];
  object[name] = function (...args) {
    if (applies.apply(this, args)) step(`before ${name}`);
    return original.apply(this, args);
  };
}

function isWriting(flags) {
  return typeof flags === 'number' ? (flags & WRITING) !== 0 : /[wa+]/.test(flags ?? 'r');
}

for (const name of CHANGES) counted(fs, name);
for (const name of UNCOUNTED) {
  fs[name] = () => kill(`by fs.${name}, which is not counted`);
  if (name in fs.promises) fs.promises[name] = fs[name];
}

const { openSync, closeSync } = fs;
fs.openSync = (path, flags, mode) => {
  if (!isWriting(flags)) return openSync(path, flags, mode);
  step('before openSync');
  const fd = openSync(path, flags, mode);
  open.add(fd);
  return fd;
};
fs.closeSync = fd => {
  if (open.delete(fd)) step('before closeSync');
  closeSync(fd);
};
counted(fs, 'fsyncSync', fd => open.has(fd));

fs.writeSync = (fd, data, offset = 0, length = data.length - offset, position = null) => {
  if (!open.has(fd)) return writeSync(fd, data, offset, length, position);
  const bytes = Buffer.from(data);
  step('before writeSync');
  if (nameOf('within writeSync') === wanted) writeSync(fd, bytes, offset, length >> 1, position);
  step('within writeSync');
  return writeSync(fd, bytes, offset, length, position);
};

// The keychain: its bus and the child with keytar, both behind pipes; so are the clients of an agent.
const isPipe = socket => socket._handle?.constructor.name === 'Pipe';
counted(net.Server.prototype, 'listen');
let hasSpoken = false;
/** What is written in one turn goes out together. */
function speak(kind) {
  if (hasSpoken) return;
  step(kind);
  hasSpoken = true;
  setImmediate(() => {
    hasSpoken = false;
  });
}
for (const name of ['write', 'end']) {
  const original = net.Socket.prototype[name];
  net.Socket.prototype[name] = function (...args) {
    const speaks = isPipe(this) && typeof args[0] !== 'function' && args[0] !== undefined;
    if (speaks) speak(`before socket ${name}`);
    const result = original.apply(this, args);
    // A child that has been asked goes on alone.
    if (speaks && name === 'end') step('after socket end');
    return result;
  };
}
const { push } = net.Socket.prototype;
net.Socket.prototype.push = function (chunk, ...rest) {
  if (isPipe(this) && chunk !== null) step('before socket read');
  return push.call(this, chunk, ...rest);
};
const { spawn } = childProcess;
childProcess.spawn = (...args) => {
  step('before spawn');
  const child = spawn(...args);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    step('after the end of the child');
  });
  step('after spawn');
  return child;
};
process.once('exit', () => step('before the end'));
