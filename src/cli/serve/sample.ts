import type { Socket } from 'node:net';
import type { ApAccepted } from '../../ap/acceptor.ts';
import { serveSample } from '../../ap/sample-service.ts';
import { socketStream } from '../../ap/socket-stream.ts';
import { printable } from '../../codec/text.ts';
import { permittedEnctypes } from '../../config/enctypes.ts';
import { hostAddress } from '../../messages/host-address.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { etypeText } from '../etype-text.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { acceptedLine, exchangeJson } from './json.ts';
import { reporting, type SocketService } from './one-client.ts';

/**
 * Serves one client and prints who it was, how it authenticated, the enctypes and the end of its ticket, or why it was
 * refused.
 */
export function sampleAcceptor(
  { keytab, service, replayCache, json }: SocketService,
  { io, config }: Session,
): (socket: Socket) => Promise<boolean> {
  async function serve(socket: Socket, from: string): Promise<string> {
    const accepted = await serveSample(socketStream(socket, { signal: io.signal }), {
      keytab: await keytab.entries(),
      server: { service },
      replayCache,
      address: hostAddress(from),
      permittedEnctypes: permittedEnctypes(config),
      subkey: true,
      sequenceNumber: true,
      now: () => io.now(),
      clockskew: config.libdefaults.clockskew,
    });
    if (json) return acceptedLine(from, exchangeJson(accepted), io);
    return `${printable(describe(accepted, from, io))}\n`;
  }
  return reporting(serve, { json, io });
}

function describe({ session, ticket }: ApAccepted, from: string, io: Io): string {
  const until = formatTimestamp(ticket.endtime, userLocale(io.env));
  return [
    `${formatPrincipal(session.client)} to ${formatPrincipal(session.server)} from ${from}`,
    session.mutual ? 'mutual authentication' : 'one-way authentication',
    `session key ${etypeText(session.sessionKey.etype)}`,
    ...(session.initiatorSubkey ? [`subkey ${etypeText(session.initiatorSubkey.etype)}`] : []),
    `until ${until}`,
  ].join(', ');
}
