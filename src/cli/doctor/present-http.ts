import { defaultTgsEnctypes } from '../../config/enctypes.ts';
import { errnoOf } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { openFromCache } from '../../http/contexts.ts';
import { negotiateFetch } from '../../http/fetch.ts';
import { negotiated } from '../../http/options.ts';
import { exchangeOptions } from '../../local/exchange.ts';
import type { Session } from '../session.ts';
import { bad, type Finding, failed, good, note } from './finding.ts';
import type { Presented } from './presented.ts';

/** Milliseconds for the whole check. */
const PATIENCE = 15_000;

/** Requests the first of these URLs at which a server answers, and reports whether Negotiate succeeded. */
export async function presentByHttp(
  urls: readonly URL[],
  presented: Presented,
  session: Session,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const url of urls) {
    const { finding, answered } = await ask(url, presented, session);
    if (answered) return [finding];
    findings.push(finding);
  }
  // If nothing answers at all, one line is enough.
  return findings.slice(-1);
}

interface Outcome {
  readonly finding: Finding;
  /** Whether a web server has answered. */
  readonly answered: boolean;
}

async function ask(url: URL, { server, cache }: Presented, session: Session): Promise<Outcome> {
  const subject = `presenting to ${url.origin}${url.pathname}`;
  const { io, config } = session;
  const request = negotiateFetch({
    open: openFromCache(cache, {
      ...exchangeOptions(session, defaultTgsEnctypes(config)),
      servicePrincipal: () => server,
    }),
    mutual: 'required',
    delegation: 'none',
  });
  try {
    const timeout = AbortSignal.timeout(PATIENCE);
    const signal = io.signal === undefined ? timeout : AbortSignal.any([timeout, io.signal]);
    const response = await request(url, { method: 'GET', redirect: 'manual', signal });
    await response.body?.cancel();
    return { finding: findingOf(response, subject), answered: true };
  } catch (error) {
    if (error instanceof KerberosError) {
      const finding = failed(subject, error, io, { otherwise: 'check the log of the web server' });
      return { finding, answered: true };
    }
    const answered = !UNREACHED.includes(codeOf(error));
    return { finding: bad(subject, reasonOf(error), hintFor(error, url)), answered };
  }
}

/** Errors that mean that nothing listens there, so that another URL may be tried. */
const UNREACHED: readonly string[] = ['ECONNREFUSED', 'EHOSTUNREACH', 'TimeoutError'];

function findingOf(response: Response, subject: string): Finding {
  const { status } = response;
  const who = negotiated(response);
  if (who?.mutual) {
    const more =
      status < 400 ? '' : `, although it answers with ${status}: you are authenticated, but not authorized`;
    return good(
      subject,
      `accepted; the service has proved that it holds its key (mutual authentication)${more}`,
    );
  }
  if (status === 401) {
    const offered = response.headers.get('www-authenticate') ?? '';
    if (/\bnegotiate\b/i.test(offered)) {
      const hint =
        "compare the keytab of the web server with the ticket's kvno and enctype, and check its log";
      return bad(subject, 'the web server rejects the ticket (401)', hint);
    }
    const hint = 'turn on Negotiate in the web server, or use --http with a URL that requires it';
    return bad(
      subject,
      `the web server requires ${offered || 'something that it does not name'}, but not Negotiate (401)`,
      hint,
    );
  }
  if (who !== undefined) return note(subject, `answered with ${status}, but did not authenticate itself`);
  return note(
    subject,
    `the web server answers with ${status} and requires no authentication: use --http with a URL that does`,
  );
}

/** fetch rejects with an error that has the reason inside. */
function codeOf(error: unknown): string {
  if (error instanceof DOMException) return error.name;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return '';
  return errnoOf(inner) ?? inner.message;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ENOTFOUND: 'Host not found',
  ECONNRESET: 'The server closed the connection',
  TimeoutError: 'The server does not answer',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code] ?? `Cannot connect (${code})`;
}

function hintFor(error: unknown, { hostname, port, protocol }: URL): string {
  const code = codeOf(error);
  if (code === 'ENOTFOUND') return `check the name ${hostname}, and that the right DNS server is used`;
  if (code === 'ECONNREFUSED') {
    return `check that a web server is running on ${hostname}; --port or --http sets its port`;
  }
  if (code === 'TimeoutError') {
    const place = port || (protocol === 'https:' ? '443' : '80');
    return `allow TCP to port ${place} of ${hostname} in the firewall, or connect to the VPN`;
  }
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER|SIGNATURE/.test(code)) {
    return 'let Node.js trust the CA of its certificate: NODE_EXTRA_CA_CERTS=FILE';
  }
  return 'check whether that port uses HTTP, with or without TLS: --http sets the URL';
}
