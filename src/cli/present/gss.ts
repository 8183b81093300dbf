import { socketStream } from '../../ap/socket-stream.ts';
import type { Ccache } from '../../ccache/ccache.ts';
import { readableHead } from '../../ccache/head.ts';
import { privateCcache } from '../../ccache/memory.ts';
import { printable, textToBytes } from '../../codec/text.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import type { ContextFlags, ContextInfo } from '../../gss/context.ts';
import { type OpenContextOptions, openContext } from '../../gss/initiate.ts';
import { GSS_SAMPLE_PORT, talkToGssSample } from '../../gss/sample.ts';
import { during } from '../../local/activity.ts';
import { cacheForService } from '../../local/caches/identity-cache.ts';
import { cacheOf } from '../../local/caches/named-caches.ts';
import { clientKeytabOf } from '../../local/client-keytab.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { expandHost, hostPrincipal } from '../../local/host-principal.ts';
import { principalOf } from '../../local/session.ts';
import { formatPrincipal, type Principal } from '../../messages/principal.ts';
import { type Arguments, UsageError } from '../command.ts';
import { connectService } from '../connect-service.ts';
import { formatTimestamp } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import { readPort } from '../ports.ts';
import { gettingTicket } from '../service-ticket.ts';
import type { Session } from '../session.ts';

/** Messages of a visit. */
const MAX_MESSAGES = 10_000;
/** Seconds that the service may take for each of its answers. */
const PATIENCE = 30;

const MECHANISMS = ['krb5', 'spnego', 'iakerb'] as const;
type Mechanism = (typeof MECHANISMS)[number];

const FLAGS: readonly (readonly [keyof ContextFlags, string])[] = [
  ['mutual', 'mutual authentication'],
  ['delegation', 'delegation'],
  ['replay', 'replay detection'],
  ['sequence', 'sequence'],
  ['confidentiality', 'confidentiality'],
  ['integrity', 'integrity'],
  ['anonymous', 'anonymous'],
];

/** A visit to a service of gss-server's kind: opens a context and has messages vouched for. */
export async function presentGss(
  args: Arguments,
  { service, host }: { readonly service: string; readonly host: string },
  session: Session,
): Promise<number> {
  const { io, config } = session;
  const mechanism = readMechanism(args.value('mech'));
  const count = readCount(args.value('messages'));
  const port = readPort(args.value('port'), GSS_SAMPLE_PORT, 'krb5kit present');
  const server = await hostPrincipal(service, host, session);
  const { cache, ...login } = await tickets(args, { server, mechanism }, session);
  const context = await gettingTicket(`getting credentials for ${formatPrincipal(server)}`, () =>
    openContext(server, cache, {
      ...exchangeOptions(session, defaultTgsEnctypes(config)),
      mechanism,
      flags: { mutual: !args.has('noMutual') },
      delegation: args.has('delegate') ? 'always' : 'none',
      ...login,
    }),
  );
  const message = textToBytes(args.value('text') ?? 'Hello');
  const seal = !args.has('noSeal');
  const messages = Array.from({ length: count }, () => ({ message, seal }));
  await during(`talking to ${host}:${port}`, async () => {
    const socket = await connectService(host, port);
    try {
      const stream = socketStream(socket, { signal: io.signal, timeout: PATIENCE });
      await talkToGssSample(stream, context, messages);
    } finally {
      socket.destroy();
    }
  });
  if (args.has('json')) {
    const { lineOfJson } = await import('../json.ts');
    const { contextJson } = await import('../context-json.ts');
    const { endtime } = context.info;
    const talked = { endtime, messages: count, bytes: count * message.length, sealed: seal };
    io.out(lineOfJson({ ...contextJson(context.info), ...talked }));
    return 0;
  }
  const talk = `${count} ${count === 1 ? 'message' : 'messages'} of ${message.length} bytes`;
  const lines = [
    ...describe(context.info, mechanism, session),
    `Sent ${talk}, ${seal ? 'sealed' : 'signed'}: the service has vouched for each`,
  ];
  io.out(lines.map(line => `${printable(line)}\n`).join(''));
  return 0;
}

/** The cache, and what to fill it with if necessary. */
async function tickets(
  args: Arguments,
  { server, mechanism }: { readonly server: Principal; readonly mechanism: Mechanism },
  session: Session,
): Promise<{ readonly cache: Ccache } & Pick<OpenContextOptions, 'clientKeytab' | 'clientPassword'>> {
  const named = args.value('cache');
  const user = args.value('user');
  // An armor would be obtained from a KDC directly.
  const unarmored = mechanism === 'iakerb' && { armorFor: undefined };
  if (user === undefined) {
    const cache = await cacheForService(named, await expandHost(server, session, false), session);
    return { cache, clientKeytab: { ...clientKeytabOf(session), ...unarmored } };
  }
  const client = await during(`parsing principal name ${user}`, () => principalOf(user, session));
  const { keytab: _, ...wishes } = clientKeytabOf(session, client.realm);
  const ask = () => session.io.readPassword(`Password for ${formatPrincipal(client)}: `);
  const cache = named === undefined ? privateCcache('present') : await cacheOf(named, session);
  // Later the service would be waiting.
  const early = unarmored && (await readableHead(cache)) === undefined ? await ask() : undefined;
  return {
    cache,
    clientPassword: { ...wishes, ...unarmored, client, password: async () => early ?? ask() },
  };
}

function describe(info: ContextInfo, mechanism: string, { io }: Session): readonly string[] {
  const flags = FLAGS.filter(([name]) => info.flags[name]).map(([, text]) => text);
  return [
    `Presented ${formatPrincipal(info.initiator)} to ${formatPrincipal(info.acceptor)}`,
    `Context: ${mechanism}, ${flags.join(', ')}, valid until ${formatTimestamp(info.endtime, userLocale(io.env))}`,
  ];
}

function readMechanism(text = 'krb5'): Mechanism {
  const found = MECHANISMS.find(name => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`krb5kit present: --mech must be "krb5", "spnego" or "iakerb", not "${text}"`);
}

function readCount(text = '1'): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (count >= 0 && count <= MAX_MESSAGES) return count;
  throw new UsageError(`krb5kit present: '${text}' is not a number of messages`);
}
