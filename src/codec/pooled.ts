/**
 * A copy in memory that short Buffers share: to allocate some for each message takes four times as long. It is for
 * messages that everyone may see.
 */
export function pooledCopy(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(bytes);
  return new Uint8Array(buffer, byteOffset, length);
}
