import { CodecError } from '../../errors.ts';
import type { Codec } from '../codec.ts';
import { DerReader } from './reader.ts';
import { DerWriter } from './writer.ts';

/** A declared ASN.1 type: one declaration that encodes and decodes DER. */
export interface DerType<T> extends Codec<T> {
  /** The identifier octets a value of this type may start with; the first is the one written. */
  readonly tags: readonly number[];
  /** Reads one value, header and all, and moves past it. */
  read(input: DerReader): T;
  /** Writes one value, header and all, in front of what is there. */
  write(output: DerWriter, value: T): void;
}

/** What a declaration consists of; `defineType` adds the whole-message face. */
export interface DerParts<T> {
  readonly tags: readonly number[];
  read(input: DerReader): T;
  write(output: DerWriter, value: T): void;
}

const shared = new DerWriter();
let sharedInUse = false;

/** Completes a type with `encode` and `decode`; `name` starts the path of its errors. */
export function defineType<T>(parts: DerParts<T>, name?: string): DerType<T> {
  function decode(bytes: Uint8Array): T {
    try {
      const input = new DerReader(bytes);
      const value = parts.read(input);
      if (input.offset !== bytes.length) throw new CodecError('bytes left over');
      return value;
    } catch (error) {
      throw name === undefined ? error : within(name, error);
    }
  }
  function encode(value: T): Uint8Array {
    // One writer serves all messages, but a value may be encoded while another is being written.
    const output = sharedInUse ? new DerWriter() : shared;
    const outermost = !sharedInUse;
    sharedInUse = true;
    try {
      output.reset();
      parts.write(output, value);
      return output.finish();
    } finally {
      if (outermost) sharedInUse = false;
    }
  }
  // Member by member: some hundred types are made when a command starts, and to spread the parts costs three times this.
  const { tags, read, write } = parts;
  return { tags, read, write, encode, decode };
}

/** The same error, one step further out on its path. */
export function within(step: string, error: unknown): unknown {
  if (!(error instanceof CodecError)) return error;
  const reason =
    error.path.length === 0 ? error.message : error.message.slice(error.path.join('.').length + 2);
  return new CodecError(reason, [step, ...error.path], { cause: error.cause });
}
