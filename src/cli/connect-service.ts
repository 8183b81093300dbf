import { connect, type Socket } from 'node:net';
import { KerberosError } from '../errors.ts';

/** A connection to a service. Throws KerberosError SENDAUTH within 10 seconds. */
export function connectService(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 10_000 });
    const fail = (message: string, cause?: Error): void => {
      socket.destroy();
      reject(new KerberosError('SENDAUTH', message, { cause }));
    };
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('timeout', () => fail('The service does not answer'));
    socket.once('error', error => fail(reason(error), error));
  });
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'Connection refused';
    case 'ENOTFOUND':
      return 'Host not found';
    default:
      return `Cannot connect (${error.code ?? error.message})`;
  }
}
