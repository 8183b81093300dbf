import { BinaryReader, BinaryWriter } from '../../codec/binary.ts';
import { CodecError } from '../../errors.ts';
import {
  CredentialField,
  Credentials,
  Int32,
  PrincipalField,
  readShape,
  type Shape,
  Text,
  UInt32,
  Uuid,
  Uuids,
  type ValuesOf,
  writeShape,
} from './fields.ts';
import { MatchTagField } from './match.ts';

// The KCM protocol, declared once for both client and server.

/** Where a KCM server listens unless `kcm_socket` says otherwise. */
export const DEFAULT_KCM_SOCKET = '/var/run/.heim_org.h5l.kcm-socket';

/** The longest request and reply; MIT's client and SSSD's server have the same limit. */
export const MAX_KCM_BYTES = 10 << 20;

const MAJOR = 2;
const MINOR = 0;
/** Version and operation. */
const HEAD_BYTES = 4;

/** An operation: its number, and the fields of its request and its reply. */
export interface Operation<Q extends Shape = Shape, R extends Shape = Shape> {
  readonly code: number;
  readonly name: string;
  readonly request: Q;
  readonly reply: R;
}

const name = Text;
const flags = UInt32;
const tag = MatchTagField;

/** The operations that every server has. */
export const KCM = {
  NOOP: operation(0, 'NOOP', {}, {}),
  GET_NAME: operation(1, 'GET_NAME', { name }, { name }),
  GEN_NEW: operation(3, 'GEN_NEW', {}, { name }),
  INITIALIZE: operation(4, 'INITIALIZE', { name, principal: PrincipalField }, {}),
  DESTROY: operation(5, 'DESTROY', { name }, {}),
  STORE: operation(6, 'STORE', { name, credential: CredentialField }, {}),
  RETRIEVE: operation(7, 'RETRIEVE', { name, flags, tag }, { credential: CredentialField }),
  GET_PRINCIPAL: operation(8, 'GET_PRINCIPAL', { name }, { principal: PrincipalField }),
  GET_CRED_UUID_LIST: operation(9, 'GET_CRED_UUID_LIST', { name }, { uuids: Uuids }),
  GET_CRED_BY_UUID: operation(10, 'GET_CRED_BY_UUID', { name, uuid: Uuid }, { credential: CredentialField }),
  REMOVE_CRED: operation(11, 'REMOVE_CRED', { name, flags, tag }, {}),
  MOVE_CACHE: operation(17, 'MOVE_CACHE', { from: name, to: name }, {}),
  GET_CACHE_UUID_LIST: operation(18, 'GET_CACHE_UUID_LIST', {}, { uuids: Uuids }),
  GET_CACHE_BY_UUID: operation(19, 'GET_CACHE_BY_UUID', { uuid: Uuid }, { name }),
  GET_DEFAULT_CACHE: operation(20, 'GET_DEFAULT_CACHE', {}, { name }),
  SET_DEFAULT_CACHE: operation(21, 'SET_DEFAULT_CACHE', { name }, {}),
  GET_KDC_OFFSET: operation(22, 'GET_KDC_OFFSET', { name }, { offset: Int32 }),
  SET_KDC_OFFSET: operation(23, 'SET_KDC_OFFSET', { name, offset: Int32 }, {}),
  /** MIT's extension: all credentials at once. */
  GET_CRED_LIST: operation(13001, 'GET_CRED_LIST', { name }, { credentials: Credentials }),
  /** MIT's extension: replaces a whole cache at once. */
  REPLACE: operation(
    13002,
    'REPLACE',
    { name, offset: Int32, principal: PrincipalField, credentials: Credentials },
    {},
  ),
} as const;

/** The results of a server, which are MIT's error numbers. */
export const KCM_RESULT = {
  OK: 0,
  BADNAME: -1765328245,
  NOTFOUND: -1765328243,
  END: -1765328242,
  IO: -1765328191,
  PERM: -1765328190,
  NOFILE: -1765328189,
  INTERNAL: -1765328188,
  NOMEM: -1765328186,
  FORMAT: -1765328185,
  NOSUPP: -1765328137,
} as const;

/** A reply: a result and, if it is OK, the values, otherwise a message if the server has one. */
export type KcmReply<V> =
  | { readonly result: 0; readonly values: V }
  | { readonly result: number; readonly sentence: string | undefined };

export function operation<Q extends Shape, R extends Shape>(
  code: number,
  name: string,
  request: Q,
  reply: R,
): Operation<Q, R> {
  return { code, name, request, reply };
}

/** A request, preceded by its length. */
export function encodeRequest<Q extends Shape>(asked: Operation<Q>, values: ValuesOf<Q>): Uint8Array {
  const writer = new BinaryWriter();
  writer.u32(0);
  writer.u8(MAJOR);
  writer.u8(MINOR);
  writer.u16(asked.code);
  writeShape(asked.request, writer, values);
  return withLength(writer, 4);
}

/** The number of the operation in a request, which begins at `at`, after its length. Throws CodecError. */
export function operationOf(bytes: Uint8Array, at = 0): number {
  if (bytes.length < at + HEAD_BYTES || bytes[at] !== MAJOR || bytes[at + 1] !== MINOR) {
    throw new CodecError('not KCM 2.0');
  }
  return (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The same, and a reader for its values. Throws CodecError. */
export function openRequest(bytes: Uint8Array): { readonly code: number; readonly reader: BinaryReader } {
  const code = operationOf(bytes);
  const reader = new BinaryReader(bytes);
  reader.offset = HEAD_BYTES;
  return { code, reader };
}

/** The values of a request or a reply. Throws CodecError, also for trailing bytes. */
export function readValues<S extends Shape>(shape: S, reader: BinaryReader): ValuesOf<S> {
  const values = readShape(shape, reader);
  if (reader.remaining() > 0) throw new CodecError('bytes after the end');
  return values;
}

/** A reply, preceded by its length. */
export function encodeReply<R extends Shape>(asked: Operation<Shape, R>, values: ValuesOf<R>): Uint8Array {
  const writer = replyWriter(KCM_RESULT.OK);
  writeShape(asked.reply, writer, values);
  return withLength(writer, 8);
}

/** A reply that reports a failure. Other clients read only the number. */
export function encodeFailure(result: number, sentence?: string): Uint8Array {
  const writer = replyWriter(result);
  if (sentence !== undefined) Text.write(writer, sentence);
  return withLength(writer, 8);
}

/** Decodes a reply without its length. Throws CodecError. */
export function decodeReply<R extends Shape>(
  asked: Operation<Shape, R>,
  bytes: Uint8Array,
): KcmReply<ValuesOf<R>> {
  const reader = new BinaryReader(bytes);
  const status = reader.i32('status');
  const result = status === 0 ? reader.i32('result') : status;
  if (result === KCM_RESULT.OK) return { result, values: readValues(asked.reply, reader) };
  return { result, sentence: reader.remaining() > 0 ? Text.read(reader, 'sentence') : undefined };
}

function replyWriter(result: number): BinaryWriter {
  const writer = new BinaryWriter();
  writer.u32(0);
  writer.u32(0);
  writer.i32(result);
  return writer;
}

/** Writes the length of what follows the first `head` bytes into the first four. */
function withLength(writer: BinaryWriter, head: number): Uint8Array {
  const bytes = writer.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, bytes.length - head);
  return bytes;
}
