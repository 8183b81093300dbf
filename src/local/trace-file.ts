import { appendFileSync } from 'node:fs';
import { printable } from '../codec/text.ts';
import type { Trace } from '../trace.ts';
import type { Surroundings } from './surroundings.ts';

/** A trace into the file that KRB5_TRACE names, with one line per decision: `[pid] seconds.microseconds: text`. */
export function traceFile(io: Surroundings): Trace | undefined {
  const file = io.env.KRB5_TRACE;
  if (!file) return undefined;
  return line => {
    const time = io.now().getTime();
    const stamp = `${Math.floor(time / 1000)}.${String((time % 1000) * 1000).padStart(6, '0')}`;
    try {
      appendFileSync(file, `[${io.pid}] ${stamp}: ${printable(line)}\n`, { mode: 0o600 });
    } catch {
      // A trace that cannot be written must not prevent the user from getting a ticket.
    }
  };
}
