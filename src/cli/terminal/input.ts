import { readSync } from 'node:fs';
import { bytesToText } from '../../codec/text.ts';
import { errnoOf } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';

/** Input byte by byte. */
export interface ByteSource {
  /** The next byte, undefined at the end. */
  next(): Promise<number | undefined>;
  /** The next bytes, as many as are there; none at the end. */
  block(): Promise<Uint8Array>;
}

/** An input to which keys typed ahead for the next prompt can be returned. */
export interface StdinBytes extends ByteSource {
  unread(bytes: Uint8Array): void;
  /** Takes what was returned and has not been read yet. */
  takeUnread(): Uint8Array;
}

/** Longer lines are cut, as MIT's buffer of 1024 bytes with its final NUL does. */
export const MAX_LINE = 1023;

const LF = 0x0a;

/** As much as a pipe holds. */
const BLOCK = 1 << 16;

/** Standard input, byte by byte: what follows a line may be meant for another program which inherits the descriptor. */
export function stdinBytes(fd = 0): StdinBytes {
  const byte = new Uint8Array(1);
  let bytes: Uint8Array | undefined;
  let ahead: Uint8Array = new Uint8Array();
  const takeUnread = (): Uint8Array => {
    const taken = ahead;
    ahead = new Uint8Array();
    return taken;
  };
  return {
    async next() {
      if (ahead.length > 0) {
        const first = ahead[0];
        ahead = ahead.subarray(1);
        return first;
      }
      return (await readSome(fd, byte)) === 0 ? undefined : byte[0];
    },
    async block() {
      if (ahead.length > 0) return takeUnread();
      bytes ??= new Uint8Array(BLOCK);
      return bytes.slice(0, await readSome(fd, bytes));
    },
    unread(bytes) {
      ahead = Buffer.concat([bytes, ahead]);
    },
    takeUnread,
  };
}

/** Reads into `bytes` what a descriptor has, once there is something; returns how much, 0 at the end. */
export async function readSome(fd: number, bytes: Uint8Array): Promise<number> {
  for (;;) {
    try {
      return readSync(fd, bytes, 0, bytes.length, null);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  }
}

/** The next line without its LF or CR LF, truncated to `MAX_LINE` bytes; undefined at the end of the input. */
export async function readInputLine(input: ByteSource): Promise<string | undefined> {
  const line = new Uint8Array(MAX_LINE);
  let length = 0;
  let next = await input.next();
  if (next === undefined) return undefined;
  for (; next !== undefined && next !== LF; next = await input.next()) {
    if (length < MAX_LINE) line[length++] = next;
  }
  if (line[length - 1] === 0x0d) length--;
  const text = bytesToText(line.subarray(0, length));
  line.fill(0);
  return text;
}

/** Everything up to the end of the input. Throws KerberosError INPUT_TOO_LONG for more than `limit` bytes. */
export async function readWholeInput(input: ByteSource, limit: number): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let length = 0;
  for (let block = await input.block(); block.length > 0; block = await input.block()) {
    length += block.length;
    if (length > limit) throw new KerberosError('INPUT_TOO_LONG', `The input is longer than ${limit} bytes`);
    blocks.push(block);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}
