import type { SecurityContext } from '../../src/gss/context.ts';
import type { NegotiableMechanism } from '../../src/gss/spnego/mechanisms.ts';
import { type FakeMechanism, fakeContext } from './fake-mechanism.ts';

export const FAKE = '1.3.6.1.4.1.99999.1';
export const OTHER = '1.3.6.1.4.1.99999.2';

/** The fake mechanism's side, by the name FAKE unless told otherwise. */
export function fake(
  side: 'initiator' | 'acceptor',
  options: FakeMechanism,
  oids: readonly string[] = [FAKE],
): NegotiableMechanism {
  return { oids, create: () => fakeContext(side, options) };
}

/** What somebody between two sides makes of a token; `number` counts from 0. */
export type Tamper = (token: Uint8Array, number: number) => Uint8Array;

export interface Conversation {
  readonly tokens: readonly Uint8Array[];
  /** Why it ended before its time. */
  readonly failure?: unknown;
}

/** Carries tokens until neither side has any, or one fails; never more than twenty. */
export async function converse(
  initiator: SecurityContext,
  acceptor: SecurityContext,
  tamper: Tamper = token => token,
): Promise<Conversation> {
  const tokens: Uint8Array[] = [];
  const sides = [initiator, acceptor];
  try {
    let token = await initiator.step();
    for (let number = 0; token !== undefined; number++) {
      if (number === 20) throw new Error('it does not end');
      tokens.push(token);
      token = await sides[(number + 1) % 2]?.step(tamper(token, number));
    }
    return { tokens };
  } catch (failure) {
    return { tokens, failure };
  }
}
