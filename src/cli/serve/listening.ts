import type { Server } from 'node:net';
import { KerberosError } from '../../errors.ts';
import type { Keytab } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import type { Io } from '../terminal.ts';
import { listeningLine } from './json.ts';

/** More clients than that at a time are turned away. */
const MAX_CLIENTS = 256;

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly service: string;
  readonly keytab: Keytab;
  readonly json: boolean;
}

/** Listens, prints the address, and serves. */
export function listening(
  server: Server,
  { host, port, service, keytab, json }: Place,
  io: Io,
  work: () => Promise<number>,
): Promise<number> {
  server.maxConnections = MAX_CLIENTS;
  return during(`listening on ${host} port ${port}`, async () => {
    const bound = await listen(server, host, port);
    if (json) io.out(listeningLine({ service, host, port: bound, keytab: keytab.name }));
    else io.out(`Serving ${service} on ${host} port ${bound}, keys from ${keytab.name}\n`);
    return work();
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', cause => reject(new KerberosError('SENDAUTH', listenReason(cause), { cause })));
    server.listen(port, host, () => {
      const address = server.address();
      server.removeAllListeners('error');
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Why a server does not listen. */
export function listenReason(error: NodeJS.ErrnoException): string {
  return error.code === 'EADDRINUSE'
    ? 'Address already in use'
    : `Cannot listen (${error.code ?? error.message})`;
}
