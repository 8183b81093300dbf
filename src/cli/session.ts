import {
  type Opening as LocalOpening,
  type Session as LocalSession,
  openSession as openLocalSession,
} from '../local/session.ts';
import type { Trace } from '../trace.ts';
import type { Io } from './terminal.ts';

/** What commands share. */
export type Session = LocalSession<Io>;

/** The session of each `Io`, for explanations of errors. */
const sessions = new WeakMap<Io, Session>();

/** The session that a command has opened; undefined if it failed earlier. */
export function sessionOf(io: Io): Session | undefined {
  return sessions.get(io);
}

interface Opening extends Omit<LocalOpening, 'follow'> {
  /** Returns a trace that is called with each decision. */
  readonly follow?: (io: Io) => Trace;
}

/** Reads the configuration. Throws what is wrong with it, `while initializing krb5` if the command has no other words. */
export function openSession(io: Io, { follow, ...opening }: Opening = {}): Session {
  const session = openLocalSession(io, { ...opening, follow: follow?.(io) });
  // An `Io` may be derived from another, for example if stdout is for JSON, and errors are reported with the original
  // one.
  for (
    let world: Io | null = io;
    world !== null && world !== Object.prototype;
    world = Object.getPrototypeOf(world)
  ) {
    sessions.set(world, session);
  }
  return session;
}
