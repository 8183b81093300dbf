import type { Config } from '../../config/config.ts';
import { KerberosError } from '../../errors.ts';
import { ActivityError } from '../../local/activity.ts';
import { errorName } from '../../messages/error-codes.ts';
import type { Decision, Fact } from '../../trace.ts';
import { sessionOf } from '../session.ts';
import type { Io } from '../terminal.ts';
import { clockDifference } from './clock.ts';

/** A fact of one kind. */
export type FactOf<K extends Fact['kind']> = Extract<Fact, { readonly kind: K }>;

/** A failure and what led to it, as needed for the explanation and the hint. */
export interface Story {
  /** What was thrown, outermost first. */
  readonly errors: readonly KerberosError[];
  /** What was being done at the time, if the command says so. */
  readonly activity: string | undefined;
  /** The error number of RFC 4120 §7.5.9 from a KDC or a service, if there was one. */
  readonly number: number | undefined;
  /** Absent if the configuration could not be read. */
  readonly config: Config | undefined;
  readonly decisions: readonly Decision[];
  /** The request of the exchange that failed. */
  readonly request: FactOf<'request'> | undefined;
  /** How the clocks differ, in words. */
  readonly clock: string | undefined;
  /** Every fact of a kind, in order; for facts about an exchange with a KDC, only those of the one that failed. */
  all<K extends Fact['kind']>(kind: K): readonly FactOf<K>[];
  /** The last fact of a kind. */
  last<K extends Fact['kind']>(kind: K): FactOf<K> | undefined;
}

/** The story of an error in a command's session. */
export function storyOf(error: unknown, io: Io): Story {
  const session = sessionOf(io);
  const errors = [...chain(error)];
  const decisions = session?.decisions ?? [];
  const facts = factsOf(decisions);
  // The exchange that failed need not be the last one: afterwards there may have been an attempt without it.
  const tried = errors.find(each => each.tried !== undefined)?.tried;
  const conversation = lastConversation(tried === undefined ? facts : factsOf(tried));
  const all = <K extends Fact['kind']>(kind: K): readonly FactOf<K>[] =>
    (OF_ONE_CONVERSATION.includes(kind) ? conversation : facts).filter(fact => isOf(fact, kind));
  return {
    errors,
    activity: error instanceof ActivityError ? error.activity : undefined,
    number: errors.map(numberOf).find(number => number !== undefined),
    config: session?.config,
    decisions,
    clock: clockDifference(decisions),
    all,
    last: kind => all(kind).at(-1),
    request: conversation.findLast(fact => isOf(fact, 'request')),
  };
}

/** `KDC_ERR_PREAUTH_FAILED (24)`. */
export function numberText(number: number): string {
  const name = errorName(number);
  return name.startsWith('error ') ? name : `${name} (${number})`;
}

function* chain(error: unknown): Iterable<KerberosError> {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof KerberosError) yield each;
  }
}

function numberOf(error: KerberosError): number | undefined {
  return 'errorCode' in error && typeof error.errorCode === 'number' ? error.errorCode : undefined;
}

function isOf<K extends Fact['kind']>(fact: Fact, kind: K): fact is FactOf<K> {
  return fact.kind === kind;
}

function factsOf(decisions: readonly Decision[]): readonly Fact[] {
  return decisions.flatMap(({ fact }) => fact ?? []);
}

/** Facts about one exchange, which do not apply to the next. */
const OF_ONE_CONVERSATION: readonly Fact['kind'][] = [
  'offers',
  'hints',
  'mechanism',
  'mechanism-failed',
  'key',
  'sealed',
  'kdc-error',
];

/** The facts since the first request that is like the last one. */
function lastConversation(facts: readonly Fact[]): readonly Fact[] {
  const last = facts.findLast(fact => isOf(fact, 'request'));
  const before = facts.findLastIndex(fact => isOf(fact, 'request') && !sameRequest(fact, last));
  const first = facts.findIndex((fact, i) => i > before && isOf(fact, 'request'));
  return facts.slice(Math.max(first, 0));
}

function sameRequest(a: FactOf<'request'>, b: FactOf<'request'> | undefined): boolean {
  return a.client === b?.client && a.server === b.server && a.realm === b.realm && a.fast === b.fast;
}
