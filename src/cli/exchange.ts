import { appendFileSync } from 'node:fs';
import type { ServiceOptions } from '../client/service.ts';
import type { Trace } from '../trace.ts';
import { createTransport } from '../transport/transport.ts';
import { printable } from './sentences.ts';
import type { Session } from './session.ts';

/** What an exchange with a KDC needs, as configured: transport, clock, clock skew, the ways to other realms, trace. */
export function exchangeOptions(session: Session, enctypes: readonly number[]): ServiceOptions {
  const trace = traceOf(session);
  return {
    transport: createTransport(session.config, trace && { trace }),
    enctypes,
    now: () => session.io.now(),
    clockskew: session.config.libdefaults.clockskew,
    realmPath: session.config.realmPath,
    trace,
    signal: session.io.signal,
  };
}

/** KRB5_TRACE names a file for one line per decision: `[pid] seconds.microseconds: text`. */
function traceOf({ io }: Session): Trace | undefined {
  const file = io.env.KRB5_TRACE;
  if (!file) return undefined;
  return line => {
    const time = io.now().getTime();
    const stamp = `${Math.floor(time / 1000)}.${String((time % 1000) * 1000).padStart(6, '0')}`;
    try {
      appendFileSync(file, `[${io.pid}] ${stamp}: ${printable(line)}\n`, { mode: 0o600 });
    } catch {
      // A trace that cannot be written must not keep anybody from a ticket.
    }
  };
}
