import { CodecError } from '../../errors.ts';
import type { Codec } from '../codec.ts';
import { DerReader } from './reader.ts';
import { DerWriter } from './writer.ts';

/**
 * How the types of one kind, such as SEQUENCE, are read and written. `parts` are what a type of this kind consists of,
 * `tags` are the type's own.
 */
export interface DerKind<T, P> {
  read(input: DerReader, parts: P, tags: readonly number[]): T;
  write(output: DerWriter, value: T, parts: P, tags: readonly number[]): void;
}

const shared = new DerWriter();
let sharedInUse = false;

/**
 * A declared ASN.1 type: one declaration that encodes and decodes DER. Some hundred are made whenever a command starts,
 * so each is a small object, and the functions belong to its kind.
 */
export class DerType<T, P = unknown> implements Codec<T> {
  /** The identifier octets a value of this type may start with; the first is the one written. */
  readonly tags: readonly number[];
  protected readonly kind: DerKind<T, P>;
  protected readonly parts: P;
  private readonly name: string | undefined;

  /** `name` is the beginning of the path in errors. */
  constructor(tags: readonly number[], kind: DerKind<T, P>, parts: P, name?: string) {
    this.tags = tags;
    this.kind = kind;
    this.parts = parts;
    this.name = name;
  }

  /** Reads one value, header and all, and moves past it. */
  read(input: DerReader): T {
    return this.kind.read(input, this.parts, this.tags);
  }

  /** Writes one value, header and all, in front of what is there. */
  write(output: DerWriter, value: T): void {
    this.kind.write(output, value, this.parts, this.tags);
  }

  decode(bytes: Uint8Array): T {
    try {
      const input = new DerReader(bytes);
      const value = this.read(input);
      if (input.offset !== bytes.length) throw new CodecError('bytes left over');
      return value;
    } catch (error) {
      throw this.name === undefined ? error : within(this.name, error);
    }
  }

  encode(value: T): Uint8Array {
    return this.lend(value, bytes => bytes.slice());
  }

  /** Encodes for `use` alone: the bytes are a view of memory that the next value overwrites. */
  lend<R>(value: T, use: (bytes: Uint8Array) => R): R {
    // One writer serves all messages, except for a value that is encoded while another is being written.
    const output = sharedInUse ? new DerWriter() : shared;
    const outermost = !sharedInUse;
    sharedInUse = true;
    try {
      output.reset();
      this.write(output, value);
      return use(output.written());
    } finally {
      if (outermost) sharedInUse = false;
    }
  }
}

/** The same error, with a step added in front of its path. */
export function within(step: string, error: unknown): unknown {
  if (!(error instanceof CodecError)) return error;
  const reason =
    error.path.length === 0 ? error.message : error.message.slice(error.path.join('.').length + 2);
  return new CodecError(reason, [step, ...error.path], { cause: error.cause });
}
