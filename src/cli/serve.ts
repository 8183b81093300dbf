import { createServer, type Server, type Socket } from 'node:net';
import type { AcceptOptions, ApAccepted } from '../ap/acceptor.ts';
import type { ReplayCache } from '../ap/replay-cache.ts';
import { resolveReplayCache } from '../ap/replay-types.ts';
import { SAMPLE_PORT, SAMPLE_SERVICE, serveSample } from '../ap/sample-service.ts';
import { socketStream } from '../ap/socket-stream.ts';
import { permittedEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import type { Keytab } from '../keytab/keytab.ts';
import { hostAddress } from '../messages/host-address.ts';
import { formatPrincipal } from '../messages/principal.ts';
import { type Arguments, type Command, during, UsageError } from './command.ts';
import { temporaryDirectory } from './directories.ts';
import { etypeText } from './etype-text.ts';
import { defaultKeytab, namedKeytab } from './keytabs.ts';
import { loadLocale } from './locale/locale.ts';
import { formatTimestamp } from './locale/time-format.ts';
import { readPort } from './ports.ts';
import { printable, sentence } from './sentences.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

/** serve: a service that takes tickets, tells clients who they are and proves who it is. */
export const serve: Command = {
  name: 'krb5kit serve',
  summary: 'Accept tickets as a sample service and tell each client who it is.',
  operands: '',
  usageStatus: 2,
  options: [
    {
      flags: '-k, --keytab <keytab>',
      text: "Take the service's keys from this keytab instead of the default one.",
    },
    { flags: '--service <name>', text: `Accept tickets for this service; ${SAMPLE_SERVICE} if not given.` },
    { flags: '--host <address>', text: 'Listen on this address; 127.0.0.1 if not given, :: for all.' },
    { flags: '-p, --port <port>', text: `Listen on this TCP port; ${SAMPLE_PORT} if not given, 0 for any.` },
    { flags: '--once', text: 'End after one client; the exit status tells whether it was accepted.' },
  ],
  run,
};

/** More clients than that at a time are turned away. */
const MAX_CLIENTS = 256;
/** Milliseconds that one client may take as a whole: many slow ones must not keep the others out for long. */
const PATIENCE = 30_000;

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`krb5kit serve: what is "${args.operands[0]}"?`);
  const port = readPort(args.value('port'), SAMPLE_PORT, 'krb5kit serve');
  const session = openSession(io);
  const named = args.value('keytab');
  const keytab = named === undefined ? defaultKeytab(session) : namedKeytab(named);
  const service = args.value('service') ?? SAMPLE_SERVICE;
  await during('reading the keytab', () => checkKeytab(keytab, service));
  const host = args.value('host') ?? '127.0.0.1';
  const accept = acceptor({ keytab, service, replayCache: replayCacheOf(session) }, session);
  const server = createServer({ pauseOnConnect: true });
  server.maxConnections = MAX_CLIENTS;
  return await during(`listening on ${host} port ${port}`, async () => {
    const bound = await listen(server, host, port);
    io.out(`Serving ${service} on ${host} port ${bound}, keys from ${keytab.name}\n`);
    return serveClients(server, accept, args.has('once'), io);
  });
}

/** Serves until the command is stopped, or one client with `once`; resolves to the exit status. */
async function serveClients(
  server: Server,
  accept: (socket: Socket) => Promise<boolean>,
  once: boolean,
  io: Io,
): Promise<number> {
  const clients = new Set<Socket>();
  let stopListening = (): void => undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      server.on('connection', socket => {
        // Another may have come before the server was closed for the first.
        if (once && clients.size > 0) {
          socket.destroy();
          return;
        }
        if (once) server.close();
        clients.add(socket);
        void served(socket, accept).then(accepted => {
          clients.delete(socket);
          if (once) resolve(accepted ? 0 : 1);
        }, reject);
      });
      server.on('error', error => io.err(`krb5kit serve: ${listenReason(error)}\n`));
      stopListening = io.onStop(() => resolve(once ? 1 : 0));
    });
  } finally {
    stopListening();
    server.close();
    for (const socket of clients) socket.destroy();
  }
}

/** Serves one client and hangs up; resolves, once the connection is closed, to whether it was accepted. */
async function served(socket: Socket, accept: (socket: Socket) => Promise<boolean>): Promise<boolean> {
  const overdue = setTimeout(() => socket.destroy(), PATIENCE);
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  try {
    const accepted = await accept(socket);
    socket.destroySoon();
    await closed;
    return accepted;
  } finally {
    clearTimeout(overdue);
  }
}

interface Service {
  readonly keytab: Keytab;
  readonly service: string;
  readonly replayCache: ReplayCache | undefined;
}

/** Serves one client and prints who came, how, with which enctypes, until when, or why it was refused. */
function acceptor(
  { keytab, service, replayCache }: Service,
  session: Session,
): (socket: Socket) => Promise<boolean> {
  const { io, config } = session;
  return async socket => {
    socket.on('error', () => undefined);
    const from = socket.remoteAddress ?? 'an unknown address';
    try {
      const options: AcceptOptions = {
        keytab: await keytab.entries(),
        server: { service },
        replayCache,
        address: hostAddress(from),
        permittedEnctypes: permittedEnctypes(config),
        subkey: true,
        sequenceNumber: true,
        now: () => io.now(),
        clockskew: config.libdefaults.clockskew,
      };
      const accepted = await serveSample(socketStream(socket, { signal: io.signal }), options);
      io.out(`${printable(describe(accepted, from, io))}\n`);
      return true;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      io.err(`krb5kit serve: refused a client from ${from}: ${printable(sentence(error))}\n`);
      return false;
    }
  };
}

function describe({ session, ticket }: ApAccepted, from: string, io: Io): string {
  const until = formatTimestamp(ticket.endtime, loadLocale(io.env));
  return [
    `${formatPrincipal(session.client)} to ${formatPrincipal(session.server)} from ${from}`,
    session.mutual ? 'mutual authentication' : 'one-way authentication',
    `session key ${etypeText(session.sessionKey.etype)}`,
    ...(session.initiatorSubkey ? [`subkey ${etypeText(session.initiatorSubkey.etype)}`] : []),
    `until ${until}`,
  ].join(', ');
}

async function checkKeytab(keytab: Keytab, service: string): Promise<void> {
  const entries = await keytab.entries();
  if (entries.some(({ principal }) => principal.components[0] === service)) return;
  throw new KerberosError('KEYTAB_NO_KEY', `${keytab.name} has no key of the service ${service}`);
}

/** KRB5RCACHENAME, else the one that native services of this user share: a replay is refused after a restart, too. */
function replayCacheOf({ io, config }: Session): ReplayCache | undefined {
  const directory =
    io.env.KRB5RCACHEDIR ?? io.env.TMPDIR ?? (io.platform === 'win32' ? temporaryDirectory(io) : '/var/tmp');
  return resolveReplayCache(io.env.KRB5RCACHENAME || config.libdefaults.defaultRcacheName || 'dfl:', {
    directory,
    uid: io.uid ?? 0,
    clockskew: config.libdefaults.clockskew,
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

function listenReason(error: NodeJS.ErrnoException): string {
  return error.code === 'EADDRINUSE'
    ? 'Address already in use'
    : `Cannot listen (${error.code ?? error.message})`;
}
