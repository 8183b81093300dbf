import type { Trouble } from '../../kdc/trouble.ts';
import { UsageError } from '../command.ts';
import { flag, listOf, members, natural, type Reader, text, wholeDuration } from './readers.ts';

/** Parses what follows the `=`; undefined if it is invalid. */
type TroubleReader = (value: string) => unknown;

const count: TroubleReader = value => (/^\d{1,9}$/.test(value) ? Number(value) : undefined);
const seconds: TroubleReader = value => wholeDuration(value);
const names: TroubleReader = value => (value === '' ? undefined : value.split(','));
const alone: TroubleReader = value => (value === '' ? true : undefined);

/** Every trouble by its name on the command line. */
const troubles: Readonly<Record<string, readonly [keyof Trouble, TroubleReader]>> = {
  'clock-skew': ['clockSkew', readSkew],
  delay: ['delay', value => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : seconds(value))],
  drop: ['drop', count],
  'die-after': ['dieAfter', count],
  'too-big': ['tooBig', alone],
  'wrong-enctype': ['wrongEnctype', alone],
  revoked: ['revoked', names],
  expired: ['expired', names],
  'password-expired': ['passwordExpired', names],
  'referral-loop': ['referralLoop', value => value || undefined],
};

const skew: Reader<number> = (value, path) => {
  const read = readSkew(String(value));
  if (read === undefined) throw new Error(`${path} must be a duration such as "1h" or "-1h"`);
  return read;
};

const delay: Reader<number> = (value, path) => {
  const read = Number(value);
  if (typeof value !== 'number' || !(read >= 0)) throw new Error(`${path} must be a number of seconds`);
  return read;
};

/** Reads the troubles of a realm file. */
export const troubleOfFile: Reader<Trouble> = members({
  clockSkew: skew,
  delay,
  drop: natural,
  dieAfter: natural,
  referralLoop: text,
  tooBig: flag,
  wrongEnctype: flag,
  revoked: listOf(text),
  expired: listOf(text),
  passwordExpired: listOf(text),
});

/**
 * The troubles requested on the command line, each as `NAME` or `NAME=VALUE`; lists that are given repeatedly are joined.
 * Throws UsageError.
 */
export function readTrouble(wishes: readonly string[], program: string): Trouble {
  const read: Record<string, unknown> = {};
  for (const wish of wishes) {
    const [name = '', ...rest] = wish.split('=');
    const row = Object.hasOwn(troubles, name) ? troubles[name] : undefined;
    if (row === undefined) {
      throw new UsageError(`${program}: '${name}' is none of ${Object.keys(troubles).join(', ')}`);
    }
    const [member, reader] = row;
    const value = reader(rest.join('='));
    if (value === undefined) throw new UsageError(`${program}: '${wish}' is no trouble that can be made`);
    const before = read[member];
    read[member] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  }
  return read;
}

/** The same trouble as text that `readTrouble` reads. */
export function formatTrouble(trouble: Trouble): readonly string[] {
  return Object.entries(troubles).flatMap(([name, [member]]) => {
    const value = trouble[member];
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return [];
    return [value === true ? name : `${name}=${value}`];
  });
}

function readSkew(value: string): number | undefined {
  const behind = value.startsWith('-');
  const duration = wholeDuration(behind ? value.slice(1) : value);
  return duration === undefined || !behind ? duration : -duration;
}
