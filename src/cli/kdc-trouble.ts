import type { Trouble } from '../kdc/trouble.ts';
import { UsageError } from './command.ts';
import { wholeDuration } from './kdc-readers.ts';

/** Reads what is after the `=`; undefined where it does not fit. */
type TroubleReader = (value: string) => unknown;

const count: TroubleReader = value => (/^\d{1,9}$/.test(value) ? Number(value) : undefined);
const seconds: TroubleReader = value => wholeDuration(value);
const names: TroubleReader = value => (value === '' ? undefined : value.split(','));
const flag: TroubleReader = value => (value === '' ? true : undefined);

/** Each trouble by its name on the command line. */
const troubles: Readonly<Record<string, readonly [keyof Trouble, TroubleReader]>> = {
  'clock-skew': ['clockSkew', readSkew],
  delay: ['delay', value => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : seconds(value))],
  drop: ['drop', count],
  'die-after': ['dieAfter', count],
  'too-big': ['tooBig', flag],
  'wrong-enctype': ['wrongEnctype', flag],
  revoked: ['revoked', names],
  expired: ['expired', names],
  'password-expired': ['passwordExpired', names],
  'referral-loop': ['referralLoop', value => value || undefined],
};

/** The troubles that a command line asks for, each as `NAME` or `NAME=VALUE`. Throws UsageError. */
export function readTrouble(wishes: readonly string[], program: string): Trouble {
  const read: [string, unknown][] = [];
  for (const wish of wishes) {
    const [name = '', ...rest] = wish.split('=');
    const row = Object.hasOwn(troubles, name) ? troubles[name] : undefined;
    if (row === undefined) {
      throw new UsageError(`${program}: ${name} is none of ${Object.keys(troubles).join(', ')}`);
    }
    const [member, reader] = row;
    const value = reader(rest.join('='));
    if (value === undefined) throw new UsageError(`${program}: ${wish} is no trouble that can be made`);
    read.push([member, value]);
  }
  return Object.fromEntries(read);
}

function readSkew(value: string): number | undefined {
  const behind = value.startsWith('-');
  const duration = wholeDuration(behind ? value.slice(1) : value);
  return duration === undefined || !behind ? duration : -duration;
}
