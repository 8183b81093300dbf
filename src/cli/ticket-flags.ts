import {
  ANONYMOUS,
  FORWARDABLE,
  FORWARDED,
  HW_AUTHENT,
  INITIAL,
  INVALID,
  MAY_POSTDATE,
  OK_AS_DELEGATE,
  POSTDATED,
  PRE_AUTHENT,
  PROXIABLE,
  PROXY,
  RENEWABLE,
  TRANSITED_POLICY_CHECKED,
} from '../messages/flags.ts';

/** The letters, in klist's order. */
const LETTERS: readonly (readonly [number, string])[] = [
  [FORWARDABLE, 'F'],
  [FORWARDED, 'f'],
  [PROXIABLE, 'P'],
  [PROXY, 'p'],
  [MAY_POSTDATE, 'D'],
  [POSTDATED, 'd'],
  [INVALID, 'i'],
  [RENEWABLE, 'R'],
  [INITIAL, 'I'],
  [HW_AUTHENT, 'H'],
  [PRE_AUTHENT, 'A'],
  [TRANSITED_POLICY_CHECKED, 'T'],
  [OK_AS_DELEGATE, 'O'],
  [ANONYMOUS, 'a'],
];

/** Ticket flags as klist's letters, such as `FRIA`; empty where none of them is set. */
export function flagLetters(flags: number): string {
  return LETTERS.filter(([flag]) => (flags & flag) !== 0)
    .map(([, letter]) => letter)
    .join('');
}
