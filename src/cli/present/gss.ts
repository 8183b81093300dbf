import { socketStream } from '../../ap/socket-stream.ts';
import { printable, textToBytes } from '../../codec/text.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import type { ContextFlags, ContextInfo } from '../../gss/context.ts';
import { openContext } from '../../gss/initiate.ts';
import { GSS_SAMPLE_PORT, talkToGssSample } from '../../gss/sample.ts';
import { during } from '../../local/activity.ts';
import { cacheForService } from '../../local/caches/identity-cache.ts';
import { clientKeytabOf } from '../../local/client-keytab.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { expandHost, hostPrincipal } from '../../local/host-principal.ts';
import { formatPrincipal } from '../../messages/principal.ts';
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
  const cache = await cacheForService(args.value('cache'), await expandHost(server, session, false), session);
  const context = await gettingTicket(`getting credentials for ${formatPrincipal(server)}`, () =>
    openContext(server, cache, {
      ...exchangeOptions(session, defaultTgsEnctypes(config)),
      mechanism,
      flags: { mutual: !args.has('noMutual') },
      delegation: args.has('delegate') ? 'always' : 'none',
      clientKeytab: clientKeytabOf(session),
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

function describe(info: ContextInfo, mechanism: string, { io }: Session): readonly string[] {
  const flags = FLAGS.filter(([name]) => info.flags[name]).map(([, text]) => text);
  return [
    `Presented ${formatPrincipal(info.initiator)} to ${formatPrincipal(info.acceptor)}`,
    `Context: ${mechanism}, ${flags.join(', ')}, valid until ${formatTimestamp(info.endtime, userLocale(io.env))}`,
  ];
}

function readMechanism(text = 'krb5'): 'krb5' | 'spnego' {
  if (text === 'krb5' || text === 'spnego') return text;
  throw new UsageError(`krb5kit present: --mech must be "krb5" or "spnego", not "${text}"`);
}

function readCount(text = '1'): number {
  const count = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (count >= 0 && count <= MAX_MESSAGES) return count;
  throw new UsageError(`krb5kit present: '${text}' is not a number of messages`);
}
