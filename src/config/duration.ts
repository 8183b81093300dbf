/** A span of time. `ignored` is the text after it that MIT's parser never looks at: `1w` is one second and `w`. */
interface Duration {
  readonly seconds: number;
  readonly ignored: string;
}

const MAX_SECONDS = 0x7fffffff;
const MIN_SECONDS = -0x80000000;

/** Blanks, of which the first must be one of three. */
const W = '(?:[ \\t\\n][ \\t\\n\\v\\f\\r]*)?';
const N = `${W}(-?\\d+)`;
const S = `(?:${N}s|${W})`;
const M = `(?:${N}m)?${S}`;
const H = `(?:${N}h)?${M}`;
const TWO = '(\\d\\d?)';
/** MIT's lexer treats an unknown character as the end. */
const END = '(?![-:dhms0-9 \\t\\n])';

/** Each form with the number of seconds in its units; captures of optional parts may be empty. */
const FORMS: readonly (readonly [pattern: string, units: readonly number[]])[] = [
  [N, [1]],
  [`${N}:${TWO}`, [3600, 60]],
  [`${N}:${TWO}:${TWO}`, [3600, 60, 1]],
  [`${N}-${TWO}:${TWO}:${TWO}`, [86400, 3600, 60, 1]],
  [`${N}d${H}`, [86400, 3600, 60, 1]],
  [`${N}h${M}`, [3600, 60, 1]],
  [`${N}m${S}`, [60, 1]],
  [`${N}s`, [1]],
];

/**
 * Parses `N` seconds, `NdNhNmNs`, `h:m`, `h:m:s` or `d-h:m:s` as MIT's tools do, signs included. Undefined where they
 * would refuse it or where it exceeds 32 bits.
 */
export function parseDuration(text: string): Duration | undefined {
  for (const [pattern, units] of FORMS) {
    const match = new RegExp(`^${pattern}${END}`).exec(text);
    if (match === null) continue;
    const seconds = sum(match.slice(1), units);
    return seconds === undefined ? undefined : { seconds, ignored: text.slice(match[0].length) };
  }
  return undefined;
}

function sum(numbers: readonly (string | undefined)[], units: readonly number[]): number | undefined {
  let seconds = 0;
  // From the smallest unit up, so that intermediate overflows are those of MIT.
  for (let i = units.length - 1; i >= 0; i--) {
    const number = Number(numbers[i] ?? 0);
    seconds += number * units[i]!;
    if (Math.abs(number) > MAX_SECONDS || !isInt32(number * units[i]!) || !isInt32(seconds)) return undefined;
  }
  return seconds;
}

function isInt32(value: number): boolean {
  return value >= MIN_SECONDS && value <= MAX_SECONDS;
}
