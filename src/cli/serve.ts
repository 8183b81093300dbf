import { createServer } from 'node:net';
import type { ReplayCache } from '../ap/replay-cache.ts';
import { SAMPLE_PORT, SAMPLE_SERVICE } from '../ap/sample-service.ts';
import { permittedEnctypes } from '../config/enctypes.ts';
import { KerberosError } from '../errors.ts';
import type { Keytab } from '../keytab/keytab.ts';
import { during } from '../local/activity.ts';
import { defaultKeytab, namedKeytab } from '../local/keytabs.ts';
import { replayCacheOf } from '../local/replay-caches.ts';
import type { Principal } from '../messages/principal.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { readHost, readPort } from './ports.ts';
import { serveClients, untilStopped } from './serve/clients.ts';
import { listening, type Place } from './serve/listening.ts';
import { sampleAcceptor } from './serve/sample.ts';
import { openSession, type Session } from './session.ts';
import type { Io } from './terminal.ts';

const HTTP_PORT = 8088;
/** The default port of gss-server. */
const GSS_PORT = 4444;

/** serve: a service that accepts tickets, tells clients who they are and authenticates itself to them. */
export const serve: Command = {
  name: 'krb5kit serve',
  summary: 'Accept tickets as a sample service, and send each client its name.',
  operands: '',
  usageStatus: 2,
  options: [
    {
      flags: '-k, --keytab <keytab>',
      text: "Take the service's keys from this keytab instead of the default one.",
    },
    { flags: '--service <name>', text: `Accept tickets for this service; the default is ${SAMPLE_SERVICE}.` },
    { flags: '--host <address>', text: 'Listen on this address; the default is 127.0.0.1, :: means all.' },
    {
      flags: '-p, --port <port>',
      text: `Listen on this TCP port; the default is ${SAMPLE_PORT}, 0 means a free one.`,
    },
    {
      flags: '--gss',
      text: 'Accept GSS-API contexts and confirm messages, as gss-server does; the default port is 4444.',
    },
    {
      flags: '--iakerb',
      text: "With --gss, also pass requests of clients that reach no KDC on to those of the keytab's realms.",
    },
    {
      flags: '--http',
      text: `Serve HTTP with Negotiate authentication; the default service is HTTP, the default port ${HTTP_PORT}.`,
    },
    { flags: '--tls-cert <file>', text: 'With --http, serve HTTPS with the certificates in this PEM file.' },
    { flags: '--tls-key <file>', text: 'The private key of the certificate, in PEM.' },
    { flags: '--json', text: 'Print one line of JSON for each client, on stderr if it was rejected.' },
    { flags: '--once', text: 'End after one client; the exit status shows whether it was accepted.' },
  ],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0)
    throw new UsageError(`krb5kit serve: unexpected argument "${args.operands[0]}"`);
  const http = args.has('http');
  const gss = args.has('gss');
  const iakerb = args.has('iakerb');
  if (iakerb && !gss) throw new UsageError('krb5kit serve: --iakerb requires --gss');
  if (http && gss) throw new UsageError('krb5kit serve: --http and --gss cannot be combined');
  const port = readPort(args.value('port'), http ? HTTP_PORT : gss ? GSS_PORT : SAMPLE_PORT, 'krb5kit serve');
  const session = openSession(await reportingAside(args, io));
  const named = args.value('keytab');
  const keytab = named === undefined ? defaultKeytab(session) : namedKeytab(named);
  const service = args.value('service') ?? (http ? 'HTTP' : SAMPLE_SERVICE);
  await during('reading the keytab', () => checkKeytab(keytab, service));
  const host = readHost(args.value('host'), 'krb5kit serve') ?? '127.0.0.1';
  const json = args.has('json');
  const place = { host, port, service, keytab, json };
  const replayCache = replayCacheOf(session);
  if (http) return serveHttp(args, place, { replayCache, session });
  const accepting = gss ? (await import('./serve/gss.ts')).gssAcceptor : sampleAcceptor;
  const accept = accepting({ keytab, service, replayCache, json, iakerb }, session);
  const server = createServer({ pauseOnConnect: true });
  return listening(server, place, session.io, () =>
    serveClients(server, accept, args.has('once'), session.io),
  );
}

/** The same surroundings, whose lines about clients wait for no reader; what `--once` prints is its result. */
async function reportingAside(args: Arguments, io: Io): Promise<Io> {
  if (args.has('once')) return io;
  const err = io.stderrIsTerminal ? io.err : await io.openLog('stderr');
  // With --quiet, `out` drops everything, and a log would not.
  const out = args.has('quiet') ? io.out : await io.openLog('stdout');
  return Object.create(io, { out: { value: out }, err: { value: err } });
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

async function checkKeytab(keytab: Keytab, service: string): Promise<void> {
  const entries = await keytab.entries();
  if (entries.some(({ principal }) => principal.components[0] === service)) return;
  throw new KerberosError('KEYTAB_NO_KEY', `${keytab.name} has no key of the service ${service}`);
}
