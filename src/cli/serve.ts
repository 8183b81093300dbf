import type { Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { AcceptOptions, ApAccepted } from '../ap/acceptor.ts';
import type { ReplayCache } from '../ap/replay-cache.ts';
import { SAMPLE_PORT, SAMPLE_SERVICE, serveSample } from '../ap/sample-service.ts';
import { socketStream } from '../ap/socket-stream.ts';
import { permittedEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import type { Keytab } from '../keytab/keytab.ts';
import { hostAddress } from '../messages/host-address.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import { type Arguments, type Command, during, UsageError } from './command.ts';
import { etypeText } from './etype-text.ts';
import { defaultKeytab, namedKeytab } from './keytabs.ts';
import { formatTimestamp } from './locale/time-format.ts';
import { userLocale } from './locale/user-locale.ts';
import { readHost, readPort } from './ports.ts';
import { replayCacheOf } from './replay-caches.ts';
import { printable } from './sentences.ts';
import { acceptedLine, exchangeJson, listeningLine, refusal } from './serve/json.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

const HTTP_PORT = 8088;
/** The default port of gss-server. */
const GSS_PORT = 4444;

/** serve: a service that accepts tickets, tells clients who they are and authenticates itself to them. */
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
    {
      flags: '--gss',
      text: 'Accept GSS-API contexts and confirm messages, as gss-server does, on port 4444.',
    },
    {
      flags: '--http',
      text: `Serve HTTP and authenticate by Negotiate, by default as HTTP on port ${HTTP_PORT}.`,
    },
    { flags: '--tls-cert <file>', text: 'With --http, serve HTTPS with the certificates in this file, PEM.' },
    { flags: '--tls-key <file>', text: 'The key of the certificate, PEM.' },
    { flags: '--json', text: 'Print one line of JSON for each client, those refused on stderr.' },
    { flags: '--once', text: 'End after one client; the exit status tells whether it was accepted.' },
  ],
  run,
};

/** More clients than that at a time are turned away. */
const MAX_CLIENTS = 256;
/** The time limit for one client in milliseconds: many slow ones must not keep the others out for long. */
const PATIENCE = 30_000;

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`krb5kit serve: what is "${args.operands[0]}"?`);
  const http = args.has('http');
  const gss = args.has('gss');
  if (http && gss) throw new UsageError('krb5kit serve: --http or --gss, not both');
  const port = readPort(args.value('port'), http ? HTTP_PORT : gss ? GSS_PORT : SAMPLE_PORT, 'krb5kit serve');
  const session = openSession(io);
  const named = args.value('keytab');
  const keytab = named === undefined ? defaultKeytab(session) : namedKeytab(named);
  const service = args.value('service') ?? (http ? 'HTTP' : SAMPLE_SERVICE);
  await during('reading the keytab', () => checkKeytab(keytab, service));
  const host = readHost(args.value('host'), 'krb5kit serve') ?? '127.0.0.1';
  const json = args.has('json');
  const place = { host, port, service, keytab, json };
  const replayCache = replayCacheOf(session);
  if (http) return serveHttp(args, place, { replayCache, session });
  const accepting = gss ? (await import('./serve/gss.ts')).gssAcceptor : acceptor;
  const accept = accepting({ keytab, service, replayCache, json }, session);
  const server = createServer({ pauseOnConnect: true });
  return listening(server, place, io, () => serveClients(server, accept, args.has('once'), io));
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly service: string;
  readonly keytab: Keytab;
  readonly json: boolean;
}

/** Listens, prints the address, and serves. */
function listening(
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

async function serveHttp(
  args: Arguments,
  place: Place,
  {
    replayCache,
    session: { io, config },
  }: { readonly replayCache: ReplayCache | undefined; readonly session: Session },
): Promise<number> {
  const { createHttpServer } = await import('./serve/http.ts');
  const { keytab, service } = place;
  const options = {
    keytab,
    replayCache: replayCache ?? 'none',
    services: ({ components }: Principal) => components[0] === service,
    permittedEnctypes: permittedEnctypes(config),
    clockskew: config.libdefaults.clockskew,
    now: () => io.now(),
  } as const;
  const server = await during('starting the server', () => createHttpServer(args, options, io));
  return listening(server, place, io, () => untilStopped(server, args.has('once'), io));
}

/** Serves until the command is stopped or, with `once`, until one client has been served. */
async function untilStopped(server: HttpServer, once: boolean, io: Io): Promise<number> {
  let stopListening = (): void => undefined;
  try {
    return await new Promise<number>(resolve => {
      server.on('request', (_, response) => {
        if (once) response.once('close', () => response.statusCode === 200 && resolve(0));
      });
      stopListening = io.onStop(() => resolve(once ? 1 : 0));
    });
  } finally {
    stopListening();
    server.close();
    server.closeAllConnections();
  }
}

/** Serves until the command is stopped, or only one client with `once`; resolves to the exit status. */
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
        // Another client may have connected before the server was closed.
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

/** Serves one client and closes the connection; then resolves to whether the client was accepted. */
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
  readonly json: boolean;
  readonly replayCache: ReplayCache | undefined;
}

/**
 * Serves one client and prints who it was, how it authenticated, the enctypes and the end of its ticket, or why it was
 * refused.
 */
function acceptor(
  { keytab, service, replayCache, json }: Service,
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
      if (json) io.out(acceptedLine(from, exchangeJson(accepted), io));
      else io.out(`${printable(describe(accepted, from, io))}\n`);
      return true;
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      io.err(refusal(from, error, { json, io }));
      return false;
    }
  };
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

async function checkKeytab(keytab: Keytab, service: string): Promise<void> {
  const entries = await keytab.entries();
  if (entries.some(({ principal }) => principal.components[0] === service)) return;
  throw new KerberosError('KEYTAB_NO_KEY', `${keytab.name} has no key of the service ${service}`);
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
