import type { Socket } from 'node:net';
import { socketStream } from '../../ap/socket-stream.ts';
import { printable } from '../../codec/text.ts';
import { permittedEnctypes } from '../../config/enctypes.ts';
import { type AcceptorOptions, createAcceptor } from '../../gss/acceptor.ts';
import type { ContextInfo, SecurityContext } from '../../gss/context.ts';
import { IAKERB } from '../../gss/oids.ts';
import { serveGssSample } from '../../gss/sample.ts';
import { acceptNegotiation, createSpnegoAcceptor } from '../../gss/spnego/acceptor.ts';
import { KRB5_NAMES } from '../../gss/spnego/mechanisms.ts';
import type { Keytab } from '../../keytab/keytab.ts';
import { hostAddress } from '../../messages/host-address.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { etypeText } from '../etype-text.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { acceptedContextJson, acceptedLine } from './json.ts';
import { reporting, type SocketService } from './one-client.ts';

/** What is known so far about a connection. */
interface Visit {
  messages: number;
  bytes: number;
  sealed: number;
}

/**
 * Serves one client as gss-server does, and prints who it was, how it authenticated and what it sent, or why it was
 * refused.
 */
export function gssAcceptor(
  { json, keytab, service, replayCache, iakerb }: SocketService,
  session: Session,
): (socket: Socket) => Promise<boolean> {
  const { io, config } = session;

  async function serve(socket: Socket, from: string): Promise<string> {
    const accept = iakerb ? await passingOn(keytab, session) : createSpnegoAcceptor;
    const context = accept({
      keytab: () => keytab.entries(),
      server: { service },
      replayCache,
      address: hostAddress(from),
      permittedEnctypes: permittedEnctypes(config),
      clockskew: config.libdefaults.clockskew,
      now: () => io.now(),
    });
    const visit = { messages: 0, bytes: 0, sealed: 0 };
    await serveGssSample(socketStream(socket, { signal: io.signal }), context, ({ message, seal }) => {
      visit.messages++;
      visit.bytes += message.length;
      visit.sealed += seal ? 1 : 0;
    });
    if (json) return acceptedLine(from, { ...acceptedContextJson(context.info), ...visit }, io);
    return `${printable(describe(context.info, visit, { from, io }))}\n`;
  }
  return reporting(serve, { json, io });
}

/** Acceptors that pass requests on to the KDCs of the keytab's realms. */
async function passingOn(
  keytab: Keytab,
  { config, trace }: Session,
): Promise<(options: AcceptorOptions) => SecurityContext> {
  const { createIakerbAcceptor } = await import('../../gss/iakerb/acceptor.ts');
  const { createTransport } = await import('../../transport/transport.ts');
  const realms = [...new Set((await keytab.entries()).map(({ principal }) => principal.realm))];
  const transport = createTransport(config, { trace });
  return options =>
    acceptNegotiation([
      { oids: KRB5_NAMES, create: () => createAcceptor(options) },
      { oids: [IAKERB], create: () => createIakerbAcceptor({ ...options, realms, transport }) },
    ]);
}

function describe(
  { initiator, acceptor, flags, ticket, delegated, endtime }: ContextInfo,
  { messages, bytes, sealed }: Visit,
  { from, io }: { readonly from: string; readonly io: Io },
): string {
  const [passedOn] = delegated ?? [];
  return [
    `${formatPrincipal(initiator)} to ${formatPrincipal(acceptor)} from ${from}`,
    flags.mutual ? 'mutual authentication' : 'one-way authentication',
    ...(ticket ? [`session key ${etypeText(ticket.key.keytype)}`] : []),
    ...(passedOn ? [`delegated ${formatPrincipal(passedOn.server)}`] : []),
    `until ${formatTimestamp(endtime, userLocale(io.env))}`,
    `${messages} ${messages === 1 ? 'message' : 'messages'} of ${bytes} bytes, ${sealed} sealed`,
  ].join(', ');
}
