import type { Socket } from 'node:net';
import type { ReplayCache } from '../../ap/replay-cache.ts';
import { socketStream } from '../../ap/socket-stream.ts';
import { permittedEnctypes } from '../../config/enctypes.ts';
import { KerberosError } from '../../errors.ts';
import type { ContextInfo } from '../../gss/context.ts';
import { serveGssSample } from '../../gss/sample.ts';
import { createSpnegoAcceptor } from '../../gss/spnego/acceptor.ts';
import type { Keytab } from '../../keytab/keytab.ts';
import { hostAddress } from '../../messages/host-address.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { etypeText } from '../etype-text.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import { printable } from '../sentences.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { acceptedContextJson, acceptedLine, refusal } from './json.ts';

interface GssService {
  readonly json: boolean;
  readonly keytab: Keytab;
  readonly service: string;
  readonly replayCache: ReplayCache | undefined;
}

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
  { json, keytab, service, replayCache }: GssService,
  { io, config }: Session,
): (socket: Socket) => Promise<boolean> {
  return async socket => {
    socket.on('error', () => undefined);
    const from = socket.remoteAddress ?? 'an unknown address';
    const context = createSpnegoAcceptor({
      keytab: () => keytab.entries(),
      server: { service },
      replayCache,
      address: hostAddress(from),
      permittedEnctypes: permittedEnctypes(config),
      clockskew: config.libdefaults.clockskew,
      now: () => io.now(),
    });
    const visit = { messages: 0, bytes: 0, sealed: 0 };
    try {
      await serveGssSample(socketStream(socket, { signal: io.signal }), context, ({ message, seal }) => {
        visit.messages++;
        visit.bytes += message.length;
        visit.sealed += seal ? 1 : 0;
      });
      if (json) io.out(acceptedLine(from, { ...acceptedContextJson(context.info), ...visit }, io));
      else io.out(`${printable(describe(context.info, visit, { from, io }))}\n`);
      return true;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      io.err(refusal(from, error, { json, io }));
      return false;
    }
  };
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
