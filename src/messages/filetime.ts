/** Milliseconds from 1601, the epoch of Windows, to 1970. */
const EPOCH_OFFSET = 11_644_473_600_000n;
const TICKS_PER_MS = 10_000n;

/** A FILETIME, in tenths of microseconds since 1601; undefined for the values that mean never and not set. */
export function filetimeToDate(ticks: bigint): Date | undefined {
  if (ticks <= 0n || ticks >= 0x7fff_ffff_ffff_ffffn) return undefined;
  return new Date(Number(ticks / TICKS_PER_MS - EPOCH_OFFSET));
}

/** The FILETIME of a date. */
export function dateToFiletime(date: Date): bigint {
  return (BigInt(date.getTime()) + EPOCH_OFFSET) * TICKS_PER_MS;
}
