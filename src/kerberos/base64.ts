/** Standard base64, padded. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** The inverse; what is no base64 is passed over. */
export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
