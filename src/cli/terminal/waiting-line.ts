import { printable } from '../../codec/text.ts';
import type { Io } from '../terminal.ts';

/** A line on the terminal that says what the command is waiting for. */
export interface WaitingLine {
  /** Names the servers, such as `udp 192.0.2.1:88`, or the realm if there are none yet. */
  show(realm: string, servers: Iterable<string>): void;
  /** Leaves the terminal as it was. */
  erase(): void;
}

/** How many servers are named; the others are only counted. */
const NAMED = 2;
/** Moves to the start of the line and clears it. */
const ERASE = '\r\x1b[K';

/** Opens the line; if stderr is no terminal, nothing is shown. */
export function openWaitingLine(io: Io): WaitingLine {
  if (!io.stderrIsTerminal) return { show: () => undefined, erase: () => undefined };
  // A terminal that cannot erase gets one line, which stays.
  const dumb = io.env.TERM === 'dumb';
  let shown = '';
  return {
    show(realm, servers) {
      const text = printable(`waiting for ${serversText(realm, [...servers])} ...`);
      // A wrapped line could not be erased.
      const line = text.slice(0, io.columns - 1);
      if (line === shown || (dumb && shown !== '')) return;
      io.err(dumb ? `${text}\n` : `${shown === '' ? '' : ERASE}${line}`);
      shown = line;
    },
    erase() {
      if (shown !== '' && !dumb) io.err(ERASE);
      shown = '';
    },
  };
}

function serversText(realm: string, servers: readonly string[]): string {
  if (servers.length === 0) return `servers of ${realm}`;
  const byPlace = new Map<string, string[]>();
  for (const server of servers) {
    const [, protocol, place] = /^(\S+) (.+)$/.exec(server) ?? ['', '', server];
    byPlace.set(place!, [...(byPlace.get(place!) ?? []), protocol!]);
  }
  const places = [...byPlace].map(([place, protocols]) => `${place} (${protocols.join(', ')})`);
  const others = places.length - NAMED;
  return [...places.slice(0, NAMED), ...(others > 0 ? [`${others} more`] : [])].join(', ');
}
