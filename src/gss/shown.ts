import { formatPrincipal } from '../messages/principal.ts';
import type { ContextInfo } from './context.ts';

/** The method that `node:util` calls to display an object. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** What may be written to a log about a context: names, but neither tickets nor keys. */
export function shownInfo({ initiator, acceptor, mechanism, flags, endtime }: ContextInfo): object {
  const [client, server] = [initiator, acceptor].map(principal => formatPrincipal(principal));
  return { initiator: client, acceptor: server, mechanism, flags, endtime };
}

/** The same for a context that may not be established yet. */
export function shownContext(info: ContextInfo | undefined): object {
  return info === undefined ? { established: false } : { established: true, ...shownInfo(info) };
}
