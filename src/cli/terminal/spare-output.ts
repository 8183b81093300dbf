import { constants, fstatSync, openSync, type Stats, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { textToBytes } from '../../codec/text.ts';
import { errnoOf } from '../../errno.ts';

/** The most characters that are collected before they are written. */
const MAX_PENDING = 1 << 16;
/** The most characters that wait for a reader. */
const MAX_WAITING = 1 << 20;
/** Milliseconds until a full pipe is tried again. */
const PAUSE = 20;
const NOTHING = new Uint8Array();

/** Output that may be lost. */
export interface SpareOutput {
  /** Adds whole lines, which are written together with all others up to the next wait. */
  add(lines: string): void;
  /** Writes what there is room for now. */
  flush(): void;
}

/**
 * Writes to a descriptor without waiting for whoever reads a pipe: a program that starts us may read one line and never
 * another one. Lines that a reader is too slow for are dropped. Nor does it matter if the reader is gone.
 */
export function spareOutput(fd: number): SpareOutput {
  const write = sinkOf(fd);
  let pending = '';
  let rest: Uint8Array = NOTHING;
  let isArmed = false;
  const arm = (): void => {
    if (isArmed) return;
    isArmed = true;
    if (rest.length === 0) setImmediate(flush);
    else setTimeout(flush, PAUSE).unref();
  };
  const flush = (): void => {
    isArmed = false;
    rest = write(rest);
    if (rest.length === 0 && pending !== '') {
      rest = write(textToBytes(pending));
      pending = '';
    }
    if (rest.length > 0) arm();
  };
  return {
    add(lines) {
      if (pending.length > MAX_WAITING) return;
      pending += lines;
      if (pending.length > MAX_PENDING && rest.length === 0) flush();
      else arm();
    },
    flush,
  };
}

/** Writes what there is room for; returns what has to wait. */
type Sink = (bytes: Uint8Array) => Uint8Array;

/** Files and terminals are written to as any output is. */
function sinkOf(fd: number): Sink {
  const found = statOf(fd);
  const own = found?.isFIFO() ? reopened(fd) : undefined;
  if (own === undefined && (found?.isFIFO() || found?.isSocket())) return throughSocket(fd);
  return bytes => unwritten(own ?? fd, bytes);
}

/** Undefined where the system cannot tell, which must not keep a service from starting. */
function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

/** On Linux, a description of the pipe of our own, because others that write to it expect to wait. */
function reopened(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** For what cannot be opened again, such as the sockets that a parent in Node makes instead of pipes. */
function throughSocket(fd: number): Sink {
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => {});
  socket.unref();
  return bytes => {
    if (socket.writableLength > 0) return bytes;
    if (bytes.length > 0) socket.write(bytes);
    return NOTHING;
  };
}

/** Writes to a descriptor until it would have to wait, or nobody reads it; returns the rest in the first case. */
function unwritten(fd: number, bytes: Uint8Array): Uint8Array {
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fd, bytes, at);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EAGAIN' || code === 'EINTR') return bytes.subarray(at);
  }
  return NOTHING;
}
