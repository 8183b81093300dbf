import type { Socket } from 'node:net';
import type { ReplayCache } from '../../ap/replay-cache.ts';
import { KerberosError } from '../../errors.ts';
import type { Keytab } from '../../keytab/keytab.ts';
import type { Io } from '../terminal.ts';
import { refusal } from './json.ts';

/** What the service accepts, and how it reports its clients. */
export interface SocketService {
  readonly keytab: Keytab;
  readonly service: string;
  readonly json: boolean;
  readonly replayCache: ReplayCache | undefined;
  /** Whether to pass requests of GSS-API clients on to KDCs. */
  readonly iakerb: boolean;
}

/**
 * Serves a client by `serve`, which gets its address and returns the line about it, and prints that line, or why the
 * client was refused; resolves to whether it was accepted.
 */
export function reporting(
  serve: (socket: Socket, from: string) => Promise<string>,
  { json, io }: { readonly json: boolean; readonly io: Io },
): (socket: Socket) => Promise<boolean> {
  return async socket => {
    socket.on('error', () => undefined);
    const from = socket.remoteAddress ?? 'an unknown address';
    try {
      io.out(await serve(socket, from));
      return true;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      io.err(refusal(from, error, { json, io }));
      return false;
    }
  };
}
