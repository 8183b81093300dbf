/** Rotates `bytes` to the right in place (RFC 4121 §4.2.5). */
export function rotateRight(bytes: Uint8Array, count: number): void {
  const places = bytes.length === 0 ? 0 : count % bytes.length;
  if (places === 0) return;
  const moved = Uint8Array.prototype.slice.call(bytes, bytes.length - places);
  bytes.copyWithin(places, 0, bytes.length - places);
  bytes.set(moved);
}

/** The bytes before they were rotated to the right by any count; a copy if they were rotated. */
export function rotatedBack(bytes: Uint8Array, count: number): Uint8Array {
  const places = bytes.length === 0 ? 0 : count % bytes.length;
  if (places === 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  out.set(bytes.subarray(places));
  out.set(bytes.subarray(0, places), bytes.length - places);
  return out;
}
