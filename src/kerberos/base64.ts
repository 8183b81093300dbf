/** Standard base64, padded. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** The inverse of `toBase64`; other characters are ignored. */
export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
