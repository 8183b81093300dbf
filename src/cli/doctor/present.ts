import { presentToSample, SAMPLE_PORT, SAMPLE_SERVICE } from '../../ap/sample-service.ts';
import { socketStream } from '../../ap/socket-stream.ts';
import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { KerberosError } from '../../errors.ts';
import { openContext } from '../../gss/initiate.ts';
import { GSS_SAMPLE_PORT, talkToGssSample } from '../../gss/sample.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import { connectService } from '../connect-service.ts';
import type { Session } from '../session.ts';
import { bad, type Finding, failed, good, note } from './finding.ts';
import { presentByHttp } from './present-http.ts';
import type { Presented } from './presented.ts';

/** How to present the ticket to the service, according to the command line. */
export interface Presentation {
  readonly port: number | undefined;
  /** By the protocol of gss-server. */
  readonly gss: boolean;
  /** By Negotiate, to this URL. */
  readonly url: URL | undefined;
}

/** Presents the ticket to the service, which must authenticate itself; yields the result, or why it cannot be done. */
export async function presentTicket(
  presented: Presented,
  presentation: Presentation,
  session: Session,
): Promise<readonly Finding[]> {
  const [service, named] = presented.server.components;
  const host = named?.replace(/:.*$/, '');
  const { gss, port, url } = presentation;
  if (url !== undefined) return presentByHttp([url], presented, session);
  if (host === undefined || service === 'krbtgt') {
    return [note('presenting', 'the name contains no host to present the ticket to')];
  }
  if (gss)
    return [await presentBy(gssSample, { ...presented, host, port: port ?? GSS_SAMPLE_PORT }, session)];
  if (service === 'HTTP') return presentByHttp(urlsOf(host, port), presented, session);
  if (service === SAMPLE_SERVICE || port !== undefined) {
    return [await presentBy(sample, { ...presented, host, port: port ?? SAMPLE_PORT }, session)];
  }
  const ways = '--port for the sample protocol, --gss, or --http URL';
  return [note('presenting', `the protocol of ${service} is unknown; choose one with ${ways}`)];
}

/** Without a URL, those that most web servers listen on. */
function urlsOf(host: string, port: number | undefined): readonly URL[] {
  if (port === undefined) return [new URL(`https://${host}/`), new URL(`http://${host}/`)];
  return [new URL(`${/443$/.test(`${port}`) ? 'https' : 'http'}://${host}:${port}/`)];
}

interface Visit extends Presented {
  readonly host: string;
  readonly port: number;
}

/** A protocol; resolves to what the service has proved besides possession of its key. */
type Protocol = (
  stream: ReturnType<typeof socketStream>,
  visit: Visit,
  session: Session,
) => Promise<string | undefined>;

/** Seconds for each answer. */
const PATIENCE = 10;

async function presentBy(protocol: Protocol, visit: Visit, session: Session): Promise<Finding> {
  const { host, port } = visit;
  const subject = `presenting to ${host}:${port}`;
  try {
    const socket = await connectService(host, port);
    try {
      const stream = socketStream(socket, {
        timeout: PATIENCE,
        ...(session.io.signal && { signal: session.io.signal }),
      });
      const said = await protocol(stream, visit, session);
      return good(subject, `${PROVED}${said === undefined ? '' : `, and says: ${said}`}`);
    } finally {
      socket.destroy();
    }
  } catch (error) {
    return refused(subject, error, { host, port }, session);
  }
}

const PROVED = 'accepted; the service has proved that it holds its key (mutual authentication)';

async function sample(
  ...[stream, { host, credential, kdcOffset }, { io }]: Parameters<Protocol>
): Promise<string> {
  const { text } = await presentToSample(stream, credential, { host, kdcOffset, now: () => io.now() });
  return text.trimEnd();
}

async function gssSample(...[stream, { server, cache }, session]: Parameters<Protocol>): Promise<undefined> {
  const context = await openContext(server, cache, {
    ...exchangeOptions(session, defaultTgsEnctypes(session.config)),
    mechanism: 'krb5',
    flags: { mutual: true },
    delegation: 'none',
  });
  await talkToGssSample(stream, context, []);
  return undefined;
}

/** What the service, or the network, did instead; each with something to try. */
function refused(
  subject: string,
  error: unknown,
  { host, port }: Pick<Visit, 'host' | 'port'>,
  session: Session,
): Finding {
  const finding = failed(subject, error, session.io, { otherwise: 'check the log of the service' });
  if (!(error instanceof KerberosError) || error.code !== 'SENDAUTH') {
    return finding;
  }
  return bad(subject, finding.text, hintForConnection(error.message, host, port));
}

function hintForConnection(message: string, host: string, port: number): string {
  if (message === 'Connection refused') {
    return `check that the service is running on ${host}; --port sets another port than ${port}`;
  }
  if (message === 'Host not found') return `check the name ${host}, and that the right DNS server is used`;
  if (/^Cannot connect|does not answer$/.test(message)) {
    return `allow TCP to port ${port} of ${host} in the firewall, or connect to the VPN`;
  }
  return 'check that this is the right port and protocol, see --port, --gss and --http; then the log of the service';
}
