import { bytesToText, textToBytes } from '../codec/text.ts';
import { KerberosError } from '../errors.ts';
import type { Credential } from '../messages/credential.ts';
import { formatPrincipal } from '../messages/principal.ts';
import type { AcceptOptions, ApAccepted } from './acceptor.ts';
import type { ByteStream } from './byte-stream.ts';
import { recvAuth, sendAuth } from './sendauth.ts';
import type { ApSession } from './session.ts';

/** The first component of the sample service's name, and the name of its port. */
export const SAMPLE_SERVICE = 'sample';
export const SAMPLE_PORT = 13135;

const SAMPLE_VERSION = 'KRB5_sample_protocol_v1.0';

export interface PresentOptions {
  /** The host as the user named it, which the request's checksum covers. */
  readonly host: string;
  readonly now?: (() => Date) | undefined;
  readonly kdcOffset?: number | undefined;
}

/** What the sample service answered. */
export interface SampleReply {
  readonly session: ApSession;
  /** `You are PRINCIPAL` and a newline. */
  readonly text: string;
}

/** Presents a ticket to a sample service, which must authenticate itself, too. Throws as `sendAuth` does. */
export async function presentToSample(
  stream: ByteStream,
  credential: Credential,
  { host, ...options }: PresentOptions,
): Promise<SampleReply> {
  const session = await sendAuth(stream, credential, {
    ...options,
    applicationVersion: SAMPLE_VERSION,
    mutual: true,
    checksum: { data: textToBytes(host) },
  });
  const length = Buffer.from(await stream.read(2)).readUInt16BE();
  return { session, text: bytesToText(await stream.read(length)) };
}

/** Serves one client of the sample service; the caller closes the connection. Throws as `recvAuth` does. */
export async function serveSample(stream: ByteStream, options: AcceptOptions): Promise<ApAccepted> {
  const accepted = await recvAuth(stream, { ...options, applicationVersion: SAMPLE_VERSION });
  const text = textToBytes(`You are ${formatPrincipal(accepted.session.client)}\n`);
  if (text.length > 0xffff) throw new KerberosError('SENDAUTH', 'The client has too long a name');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  await stream.write(Buffer.concat([length, text]));
  return accepted;
}
