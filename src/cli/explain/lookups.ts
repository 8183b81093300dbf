import type { FactOf } from './story.ts';

/** What DNS said to a query: what it has, `none` if it has nothing, `silent` if it did not answer. */
export interface LookupOutcome {
  readonly state: 'found' | 'none' | 'silent' | 'failed';
  readonly text: string;
}

const NO_RECORDS = ['ENOTFOUND', 'ENODATA'];
/** The resolver refuses, as it were, if it can reach no DNS server. */
const NO_ANSWER = ['ECONNREFUSED', 'ETIMEOUT', 'ETIMEDOUT', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH'];

export function lookupOutcome({ answers, failure }: FactOf<'lookup'>): LookupOutcome {
  if (answers.length > 0) return { state: 'found', text: answers.join(', ') };
  const code = /\bE[A-Z_]+\b/.exec(failure ?? '')?.[0] ?? '';
  if (failure === undefined || NO_RECORDS.includes(code)) return { state: 'none', text: 'no records' };
  return NO_ANSWER.includes(code)
    ? { state: 'silent', text: `no answer (${code})` }
    : { state: 'failed', text: failure };
}
