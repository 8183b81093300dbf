import type { ContextFlags, ContextInfo } from '../gss/context.ts';
import { formatPrincipal } from '../messages/principal.ts';

/** The bits of RFC 2744 §3.19 and MS-KILE, by our names. */
const FLAG_BITS: Readonly<Record<keyof ContextFlags, number>> = {
  delegation: 1,
  mutual: 2,
  replay: 4,
  sequence: 8,
  confidentiality: 16,
  integrity: 32,
  anonymous: 64,
  dceStyle: 0x1000,
  identify: 0x2000,
};

/** The facts about a context that are needed here. */
type ContextFacts = Pick<ContextInfo, 'initiator' | 'acceptor' | 'mechanism' | 'flags'>;

/** Who authenticated to whom, how, and with which flags, in JSON. */
export function contextJson({ initiator, acceptor, mechanism, flags }: ContextFacts): object {
  const set = Object.entries(FLAG_BITS).filter(([name]) => flags[name as keyof ContextFlags]);
  return {
    client: formatPrincipal(initiator),
    server: formatPrincipal(acceptor),
    mechanism,
    mutual: flags.mutual,
    contextFlags: { number: set.reduce((sum, [, bit]) => sum | bit, 0), names: set.map(([name]) => name) },
  };
}
