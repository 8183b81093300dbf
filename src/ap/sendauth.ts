import { textToBytes } from '../codec/text.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { KdcError, KrbError } from '../messages/krb-error.ts';
import { type AcceptOptions, type ApAccepted, acceptApReq } from './acceptor.ts';
import { ApError } from './ap-error.ts';
import { type ByteStream, framed, readMessage } from './byte-stream.ts';
import { type ApReqOptions, createApReq } from './initiator.ts';
import type { ApSession } from './session.ts';

export interface SendAuthOptions extends ApReqOptions {
  /** The application protocol and its version; both sides must use the same text. */
  readonly applicationVersion: string;
}

export interface RecvAuthOptions extends AcceptOptions {
  readonly applicationVersion: string;
}

const SENDAUTH_VERSION = 'KRB5_SENDAUTH_V1.0';
/** An application version is a short text. */
const MAX_VERSION_BYTES = 1024;
/** No ticket is longer; without a limit a peer could fill our memory. */
const MAX_MESSAGE_BYTES = 1 << 20;

const GO_ON = 0;
const BAD_SENDAUTH_VERSION = 1;
const BAD_APPLICATION_VERSION = 2;

/**
 * The client's side of the sendauth dialogue. Throws KdcError SERVER_REFUSED where the service refuses the request,
 * KerberosError MUTUAL_FAILED, and KerberosError SENDAUTH where the dialogue breaks off.
 */
export async function sendAuth(
  stream: ByteStream,
  credential: Credential,
  options: SendAuthOptions,
): Promise<ApSession> {
  await stream.write(framed(versionBytes(SENDAUTH_VERSION), versionBytes(options.applicationVersion)));
  const [verdict] = await stream.read(1);
  if (verdict !== GO_ON) throw new KerberosError('SENDAUTH', refusedVersion(verdict));
  const request = createApReq(credential, options);
  await stream.write(framed(request.apReq));
  const error = await readMessage(stream, MAX_MESSAGE_BYTES);
  if (error.length > 0) throw new KdcError(KrbError.decode(error), 'SERVER_REFUSED', request.session);
  if (!options.mutual) return request.session;
  return request.verify(await readMessage(stream, MAX_MESSAGE_BYTES));
}

/**
 * The service's side. Throws ApError, after the client was told, where the request is refused, and KerberosError
 * SENDAUTH where the dialogue breaks off.
 */
export async function recvAuth(stream: ByteStream, options: RecvAuthOptions): Promise<ApAccepted> {
  const sendauthVersion = await readMessage(stream, MAX_VERSION_BYTES);
  const applicationVersion = await readMessage(stream, MAX_VERSION_BYTES);
  const verdict = judgeVersions(sendauthVersion, applicationVersion, options);
  await stream.write(Uint8Array.of(verdict));
  if (verdict !== GO_ON) throw new KerberosError('SENDAUTH', refusedVersion(verdict));
  const apReq = await readMessage(stream, MAX_MESSAGE_BYTES);
  let accepted: ApAccepted;
  try {
    accepted = await acceptApReq(apReq, options);
  } catch (error) {
    if (error instanceof ApError) await stream.write(framed(krbErrorOf(error, options)));
    throw error;
  }
  const accepts = new Uint8Array(0);
  await stream.write(accepted.session.mutual ? framed(accepts, accepted.reply()) : framed(accepts));
  return accepted;
}

function judgeVersions(sendauth: Uint8Array, application: Uint8Array, options: RecvAuthOptions): number {
  if (!Buffer.from(sendauth).equals(versionBytes(SENDAUTH_VERSION))) return BAD_SENDAUTH_VERSION;
  const same = Buffer.from(application).equals(versionBytes(options.applicationVersion));
  return same ? GO_ON : BAD_APPLICATION_VERSION;
}

function refusedVersion(verdict: number | undefined): string {
  switch (verdict) {
    case BAD_SENDAUTH_VERSION:
      return 'Bad sendauth version was sent';
    case BAD_APPLICATION_VERSION:
      return 'Bad application version was sent (via sendauth)';
    default:
      return 'Bad response (during sendauth exchange)';
  }
}

/** On the wire, a version ends with a NUL. */
function versionBytes(version: string): Uint8Array {
  return textToBytes(`${version}\0`);
}

/** The KRB-ERROR in the name of the service that the options name, else of the keytab's first principal. */
function krbErrorOf(error: ApError, { server, keytab, now = () => new Date() }: RecvAuthOptions): Uint8Array {
  const named = server !== undefined && 'realm' in server ? server : keytab[0]?.principal;
  return error.toKrbError(named ?? { nameType: 0, components: [], realm: '' }, now());
}
