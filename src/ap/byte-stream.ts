import { KerberosError } from '../errors.ts';

/** A connection as the sendauth dialogue uses it. Both calls take a bounded time. */
export interface ByteStream {
  /** Exactly `length` bytes. Throws KerberosError SENDAUTH at the stream's end or when it takes too long, or ABORTED. */
  read(length: number): Promise<Uint8Array>;
  /** Resolves once the bytes have been handed to the system. Throws as `read` does. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Reads a length in four octets and that many bytes. Throws KerberosError SENDAUTH for more than `limit`. */
export async function readMessage(stream: ByteStream, limit: number): Promise<Uint8Array> {
  const length = Buffer.from(await stream.read(4)).readUInt32BE();
  if (length > limit)
    throw new KerberosError('SENDAUTH', `A message of ${length} bytes where ${limit} are the most`);
  return length === 0 ? new Uint8Array(0) : stream.read(length);
}

/** Messages, each preceded by its length in four octets, in one piece. */
export function framed(...messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(messages.flatMap(message => [lengthOf(message), message]));
}

function lengthOf(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return length;
}
