import { type AcceptorOptions, createAcceptor } from '../../src/gss/acceptor.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { createInitiator, type InitiatorOptions } from '../../src/gss/initiator.ts';
import { keytab, type MadeUp, makeCredential, NOW } from '../ap/made-up.ts';

export const now = (): Date => NOW;
export const ETYPES = [17, 18, 19, 20, 23, 25, 26];

export interface Pair {
  readonly initiator: SecurityContext;
  readonly acceptor: SecurityContext;
  /** How many tokens went to and fro. */
  readonly legs: number;
}

/** Has two contexts exchange tokens until neither has anything to say. */
export async function establish(initiator: SecurityContext, acceptor: SecurityContext): Promise<Pair> {
  let legs = 0;
  let token = await initiator.step();
  for (let side = acceptor; token !== undefined; side = side === acceptor ? initiator : acceptor) {
    legs++;
    token = await side.step(token);
  }
  return { initiator, acceptor, legs };
}

export interface Played {
  readonly asked?: InitiatorOptions;
  readonly accept?: Partial<AcceptorOptions>;
  readonly credential?: MadeUp;
}

/** A context of alice's with the sample service. */
export function play({ asked, accept, credential }: Played = {}): Promise<Pair> {
  return establish(
    createInitiator(makeCredential(credential), { now, ...asked }),
    createAcceptor({ keytab, now, permittedEnctypes: ETYPES, ...accept }),
  );
}
