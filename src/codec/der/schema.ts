import { CodecError } from '../../errors.ts';
import type { DerReader } from './reader.ts';
import { type DerKind, DerType, within } from './type.ts';

/** A member of a SEQUENCE that may be absent. */
export interface OptionalField<T> {
  readonly optional: DerType<T>;
}

/** A member of a SEQUENCE that always has one value: checked when read, absent from the TypeScript type. */
export interface ConstantField {
  readonly constant: DerType<unknown>;
  readonly value: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a member's own type is what inference is here to find
type Field = DerType<any> | OptionalField<any> | ConstantField;
/** The members of a SEQUENCE, in their order. */
export type Fields = Readonly<Record<string, Field>>;

type RequiredNames<F extends Fields> = {
  // biome-ignore lint/suspicious/noExplicitAny: any member type
  [K in keyof F]: F[K] extends DerType<any> ? K : never;
}[keyof F];
type OptionalNames<F extends Fields> = {
  // biome-ignore lint/suspicious/noExplicitAny: any member type
  [K in keyof F]: F[K] extends OptionalField<any> ? K : never;
}[keyof F];

/** The value of a SEQUENCE, from the declaration of its members. */
export type SequenceValue<F extends Fields> = {
  readonly [K in RequiredNames<F>]: F[K] extends DerType<infer T> ? T : never;
} & {
  readonly [K in OptionalNames<F>]?: F[K] extends OptionalField<infer T> ? T | undefined : never;
} extends infer V
  ? { [K in keyof V]: V[K] }
  : never;

/** `[n] type`, the EXPLICIT tags of RFC 4120's module. */
export function explicit<T>(number: number, type: DerType<T>): DerType<T> {
  return wrapped([0xa0 | number], type);
}

/** `[APPLICATION n] type`. Where several numbers are given all are read and the first is written. */
export function application<T>(
  number: number | readonly number[],
  type: DerType<T>,
  name?: string,
): DerType<T> {
  return wrapped(
    [number].flat().map(n => 0x60 | n),
    type,
    name,
  );
}

/** `[n] IMPLICIT type`, of the RFC 4556, 6560 and 9588 modules. */
export function implicit<T>(number: number, type: DerType<T>): DerType<T> {
  const inner = type.tags[0];
  if (inner === undefined) throw new TypeError('a type without a tag cannot be tagged implicitly');
  return new DerType([0x80 | (inner & 0x20) | number], retagged as DerKind<T, DerType<T>>, type);
}

/** A member that may be absent: `optional(n, type)` with an EXPLICIT tag, `optional(type)` with its own. */
export function optional<T>(type: DerType<T>): OptionalField<T>;
export function optional<T>(number: number, type: DerType<T>): OptionalField<T>;
export function optional<T>(...given: [DerType<T>] | [number, DerType<T>]): OptionalField<T> {
  return { optional: given.length === 1 ? given[0] : explicit(given[0], given[1]) };
}

/** A member that always is `value`, such as pvno. */
export function constant<T>(type: DerType<T>, value: T): ConstantField {
  return { constant: type as DerType<unknown>, value };
}

/** SEQUENCE. Members after the declared ones are ignored, as in MIT and Heimdal: later RFCs add some. */
export function sequence<F extends Fields>(name: string, fields: F): DerType<SequenceValue<F>> {
  const parts: SequenceParts = { name, fields, members: undefined };
  return new DerType([0x30], structure as DerKind<SequenceValue<F>, SequenceParts>, parts, name);
}

/** SEQUENCE OF. */
export function sequenceOf<T>(type: DerType<T>): DerType<readonly T[]> {
  return new DerType([0x30], list as DerKind<readonly T[], DerType<T>>, type);
}

/** CHOICE: a value with exactly one of the alternatives' names. */
// biome-ignore lint/suspicious/noExplicitAny: an alternative's own type is what inference is here to find
export function choice<A extends Readonly<Record<string, DerType<any>>>>(
  name: string,
  alternatives: A,
): DerType<ChoiceValue<A>> {
  const rows = Object.entries(alternatives);
  const tags = rows.flatMap(([, type]) => type.tags);
  return new DerType(tags, alternative as DerKind<ChoiceValue<A>, ChoiceParts>, { name, rows }, name);
}

// biome-ignore lint/suspicious/noExplicitAny: an alternative's own type is what inference is here to find
export type ChoiceValue<A extends Readonly<Record<string, DerType<any>>>> = {
  [K in keyof A]: { readonly [P in K]: A[K] extends DerType<infer T> ? T : never } & {
    readonly [P in Exclude<keyof A, K>]?: undefined;
  };
}[keyof A];

interface Member {
  readonly key: string;
  readonly type: DerType<unknown>;
  readonly required: boolean;
  readonly fixed: unknown;
}

interface SequenceParts {
  readonly name: string;
  readonly fields: Fields;
  /** Made from `fields` when first needed: a command uses only a few of all the messages it knows. */
  members: readonly Member[] | undefined;
}

const structure: DerKind<Record<string, unknown>, SequenceParts> = {
  read(input, parts) {
    const outer = input.enter(0x30);
    const value: Record<string, unknown> = {};
    for (const { key, type, required, fixed } of membersOf(parts)) {
      try {
        if (!required && !isAhead(type, input)) continue;
        const found = type.read(input);
        if (fixed === undefined) value[key] = found;
        else if (found !== fixed) throw new CodecError(`${found} where ${fixed} belongs`);
      } catch (error) {
        throw within(key, error);
      }
    }
    while (input.offset < input.limit) input.element();
    input.leave(outer);
    return value;
  },
  write(output, value, parts) {
    const mark = output.mark();
    const members = membersOf(parts);
    for (let i = members.length - 1; i >= 0; i--) {
      const { key, type, required, fixed } = members[i]!;
      const given = fixed ?? value[key];
      if (given === undefined) {
        if (required) throw new TypeError(`${parts.name}.${key} is not given`);
        continue;
      }
      try {
        type.write(output, given);
      } catch (error) {
        throw within(key, error);
      }
    }
    output.header(0x30, mark);
  },
};

function membersOf(parts: SequenceParts): readonly Member[] {
  parts.members ??= Object.entries(parts.fields).map(([key, field]) => member(key, field));
  return parts.members;
}

function member(key: string, field: Field): Member {
  if ('optional' in field) return { key, type: field.optional, required: false, fixed: undefined };
  if ('constant' in field) return { key, type: field.constant, required: true, fixed: field.value };
  return { key, type: field, required: true, fixed: undefined };
}

/** Whether a value of `type` comes next; a type without tags of its own accepts any. */
function isAhead(type: DerType<unknown>, input: DerReader): boolean {
  const tag = input.peekTag();
  const { tags } = type;
  // Searching a list takes longer than comparing with its only element.
  return tags.length === 1 ? tags[0] === tag : tag >= 0 && (tags.length === 0 || tags.includes(tag));
}

const list: DerKind<readonly unknown[], DerType<unknown>> = {
  read: (input, type) => readElements(input, type, 0x30),
  write(output, values, type) {
    const mark = output.mark();
    for (let i = values.length - 1; i >= 0; i--) type.write(output, values[i]);
    output.header(0x30, mark);
  },
};

/** The elements of a SEQUENCE OF or SET OF. */
export function readElements<T>(input: DerReader, type: DerType<T>, tag: number): T[] {
  const outer = input.enter(tag);
  const values: T[] = [];
  while (input.offset < input.limit) {
    try {
      values.push(type.read(input));
    } catch (error) {
      throw within(`[${values.length}]`, error);
    }
  }
  input.leave(outer);
  return values;
}

interface ChoiceParts {
  readonly name: string;
  readonly rows: readonly (readonly [string, DerType<unknown>])[];
}

const alternative: DerKind<Record<string, unknown>, ChoiceParts> = {
  read(input, { rows }) {
    const row = rows.find(([, type]) => type.tags.includes(input.peekTag()));
    if (row === undefined) throw new CodecError('none of the alternatives');
    try {
      return { [row[0]]: row[1].read(input) };
    } catch (error) {
      throw within(row[0], error);
    }
  },
  write(output, value, { name, rows }) {
    const row = rows.find(([key]) => value[key] !== undefined);
    if (row === undefined) throw new TypeError(`${name}: none of the alternatives is given`);
    row[1].write(output, value[row[0]]);
  },
};

const tagged: DerKind<unknown, DerType<unknown>> = {
  read(input, type, tags) {
    const outer = input.enter(tags.length === 1 ? tags[0]! : oneOf(tags, input.peekTag()));
    const value = type.read(input);
    input.leave(outer);
    return value;
  },
  write(output, value, type, tags) {
    const mark = output.mark();
    type.write(output, value);
    output.header(tags[0]!, mark);
  },
};

/** The tag ahead if it is one of `tags`; the first of them otherwise. */
function oneOf(tags: readonly number[], ahead: number): number {
  return tags.includes(ahead) ? ahead : tags[0]!;
}

function wrapped<T>(tags: readonly number[], type: DerType<T>, name?: string): DerType<T> {
  return new DerType(tags, tagged as DerKind<T, DerType<T>>, type, name);
}

/** Reads an implicitly tagged value by showing its own tag to the type that reads it. */
const retagged: DerKind<unknown, DerType<unknown>> = {
  read(input, type, tags) {
    const ahead = input.peekTag();
    if (ahead !== tags[0]) throw new CodecError(ahead < 0 ? 'missing' : 'another type');
    return input.readAs(type.tags[0]!, () => type.read(input));
  },
  write(output, value, type, tags) {
    type.write(output, value);
    // Only the first octet of the header just written differs.
    output.offset++;
    output.octet(tags[0]!);
  },
};
