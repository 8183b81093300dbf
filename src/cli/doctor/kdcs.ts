import { tellRequest } from '../../client/telling.ts';
import { asRequestBody } from '../../client/ticket-wishes.ts';
import { permittedEnctypes } from '../../config/enctypes.ts';
import { randomNonce } from '../../crypto/random.ts';
import { CodecError } from '../../errors.ts';
import { errorName, KDC_ERR_PREAUTH_REQUIRED } from '../../messages/error-codes.ts';
import { AsReq, KdcReqBody } from '../../messages/kdc-req.ts';
import { isKrbError, KrbError } from '../../messages/krb-error.ts';
import { type Principal, tgsPrincipal } from '../../messages/principal.ts';
import { locateServers, orderTargets, type Server } from '../../transport/locate.ts';
import { describeTarget, type Target } from '../../transport/protocols.ts';
import { raceTargets } from '../../transport/race.ts';
import { SERVICES } from '../../transport/services.ts';
import { createSrvLookup } from '../../transport/srv.ts';
import { StopController } from '../../transport/stop-signal.ts';
import { createUriLookup } from '../../transport/uri.ts';
import { durationInWords } from '../explain/clock.ts';
import { reasonInWords } from '../explain/failure.ts';
import type { Session } from '../session.ts';
import { lookupFindings } from './dns.ts';
import { bad, type Finding, failed, good } from './finding.ts';

/** Milliseconds that DNS, and then each KDC, has to answer. */
const PATIENCE = 5000;
/** Seconds after which a datagram is sent again. */
const RESEND_AFTER = [1, 2];

/** Where the KDCs of a client's realm are, and how each answers over each of its protocols. */
export async function checkKdcs(client: Principal, session: Session): Promise<readonly Finding[]> {
  const { io, config, trace } = session;
  const { realm } = client;
  let request: Uint8Array;
  try {
    request = requestOf(client, session);
  } catch (error) {
    // For example, none of the configured enctypes may be used.
    return [failed('configuration', error, io)];
  }
  let servers: readonly Server[];
  const before = session.decisions.length;
  try {
    servers = await limited(signal =>
      locateServers(config, realm, {
        service: SERVICES.kdc,
        lookupSrv: createSrvLookup(),
        lookupUri: createUriLookup(),
        signal,
        trace,
      }),
    );
  } catch (error) {
    const otherwise = `check the realm's name, and add a kdc for ${realm} to [realms] in krb5.conf or to DNS`;
    return [...lookupFindings(session.decisions.slice(before)), failed('KDCs', error, io, { otherwise })];
  }
  const lookups = lookupFindings(session.decisions.slice(before));
  const targets = orderTargets(servers, true);
  const list = [
    ...new Set(servers.map(({ host, port, found }) => `${port === 0 ? host : `${host}:${port}`} (${found})`)),
  ];
  const probes = await Promise.all(targets.map(target => probe(target, { request, session })));
  trace(`All KDCs of ${realm} have been asked`, { kind: 'unanswered', realm });
  return [...lookups, good('KDCs', `those of ${realm} are ${list.join(', ')}`), ...probes];
}

interface Probe {
  readonly request: Uint8Array;
  readonly session: Session;
}

async function probe(target: Target, { request, session }: Probe): Promise<Finding> {
  const { io, trace } = session;
  const subject = `KDC ${describeTarget(target)}`;
  const begun = performance.now();
  const { winner, attempts } = await limited(signal =>
    raceTargets([target], request, {
      service: SERVICES.kdc,
      stagger: 1,
      patience: 1,
      resendAfter: RESEND_AFTER,
      signal,
      trace,
    }),
  );
  const took = Math.max(1, Math.round(performance.now() - begun));
  if (winner === undefined) {
    const reason = attempts.at(-1)?.reason ?? 'no answer';
    return bad(subject, reasonInWords(reason), hintForSilence(target, reason));
  }
  if (winner.target.protocol !== target.protocol) {
    return good(subject, `answers in ${took} ms that it prefers ${winner.target.protocol}`);
  }
  return answerFinding(winner.reply, { subject, took, session, sent: io.now() });
}

interface Answered {
  readonly subject: string;
  /** Milliseconds. */
  readonly took: number;
  readonly session: Session;
  readonly sent: Date;
}

function answerFinding(reply: Uint8Array, { subject, took, session, sent }: Answered): Finding {
  const answer = `answers in ${took} ms`;
  if (!isKrbError(reply)) return good(subject, answer);
  try {
    const { errorCode, stime } = KrbError.decode(reply);
    const skew = Math.round((stime.getTime() - sent.getTime()) / 1000);
    const what =
      errorCode === KDC_ERR_PREAUTH_REQUIRED ? 'asks for pre-authentication' : `says ${errorName(errorCode)}`;
    const text = `${answer} and ${what}; its clock ${skewText(skew)}`;
    if (Math.abs(skew) <= session.config.libdefaults.clockskew) return good(subject, text);
    return bad(subject, text, 'set your clock, for example with NTP');
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return bad(
      subject,
      `${answer} with something that is not a Kerberos message`,
      'check whether another program is listening there',
    );
  }
}

/** The time in the answer has whole seconds. */
function skewText(seconds: number): string {
  if (Math.abs(seconds) <= 1) return 'agrees with ours';
  return `is ${durationInWords(Math.abs(seconds) * 1000)} ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
}

function hintForSilence({ protocol, host, port }: Target, reason: string): string {
  if (/ENOTFOUND|EAI_AGAIN/.test(reason))
    return `check the name ${host}, and that the right DNS server is used`;
  if (/ECONNREFUSED/.test(reason)) return `check that a KDC is running on ${host}, port ${port}`;
  if (protocol === 'https') return 'check the address of the KDC proxy and its certificate';
  return `allow ${protocol.toUpperCase()} to port ${port} of ${host} in the firewall, or connect to the VPN`;
}

/** An AS-REQ without pre-authentication: no KDC counts it as a wrong password. */
function requestOf(client: Principal, { io, config, trace }: Session): Uint8Array {
  const server = tgsPrincipal(client.realm);
  const facts = { client, server, enctypes: permittedEnctypes(config), now: io.now(), nonce: randomNonce() };
  const body = asRequestBody({}, facts);
  const request = AsReq.encode({ padata: [], reqBody: KdcReqBody.encode(body) });
  tellRequest(trace, { message: 'AS-REQ', client, server, body, bytes: request.length, fast: false });
  return request;
}

/** Runs `work` with a signal that aborts it after its time, and afterwards whatever it has left running. */
async function limited<T>(work: (signal: StopController) => Promise<T>): Promise<T> {
  const signal = new StopController();
  const timer = setTimeout(() => signal.abort(), PATIENCE);
  try {
    return await work(signal);
  } finally {
    clearTimeout(timer);
    signal.abort();
  }
}
