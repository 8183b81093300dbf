import type { ByteStream } from '../ap/byte-stream.ts';
import { KerberosError } from '../errors.ts';
import type { SecurityContext } from './context.ts';
import { GssError } from './gss-error.ts';

// The protocol of MIT's gss-client and gss-server: each token is preceded by an octet of flags and its length in four
// octets.

/** The port of gss-server. */
export const GSS_SAMPLE_PORT = 4444;

const NOOP = 0x01;
const CONTEXT = 0x02;
const DATA = 0x04;
const MIC = 0x08;
const CONTEXT_NEXT = 0x10;
const WRAPPED = 0x20;
const ENCRYPTED = 0x40;
const SEND_MIC = 0x80;
const NONE = new Uint8Array(0);

/** A ticket with the largest PAC and a forwarded ticket are far smaller. */
const MAX_CONTEXT_TOKEN = 1 << 18;
/** A message of 16 MiB and its protection. */
const MAX_DATA_TOKEN = (1 << 24) + (1 << 12);

export interface SampleMessage {
  readonly message: Uint8Array;
  /** Whether to encrypt messages. */
  readonly seal: boolean;
}

/**
 * Opens a context with a gss-server and sends it messages, each of which it must answer with a valid MIC. Throws what
 * the context throws, and KerberosError SENDAUTH for a service that does not keep to the protocol.
 */
export async function talkToGssSample(
  stream: ByteStream,
  context: SecurityContext,
  messages: readonly SampleMessage[],
): Promise<void> {
  await send(stream, NOOP | CONTEXT_NEXT, NONE);
  for (let token = await context.step(); token !== undefined; ) {
    await send(stream, CONTEXT, token);
    if (context.established) break;
    token = await context.step(await receiveOf(stream, CONTEXT, MAX_CONTEXT_TOKEN));
  }
  for (const { message, seal } of messages) {
    const flags = DATA | WRAPPED | SEND_MIC | (seal ? ENCRYPTED : 0);
    await send(stream, flags, context.wrap(message, { seal }));
    context.verifyMic(message, await receiveOf(stream, MIC, MAX_CONTEXT_TOKEN));
  }
  await send(stream, NOOP, NONE);
}

/**
 * Serves one client that speaks the protocol of gss-client until it says that it has finished; reports each message as
 * it arrives. The context is an acceptor's. Throws as `talkToGssSample` does, after the client has been told what it
 * should know.
 */
export async function serveGssSample(
  stream: ByteStream,
  context: SecurityContext,
  onMessage: (message: SampleMessage) => void,
): Promise<void> {
  if ((await receive(stream, 0)).flags !== (NOOP | CONTEXT_NEXT)) throw astray('No context is asked for');
  while (!context.established) {
    const token = await receiveOf(stream, CONTEXT, MAX_CONTEXT_TOKEN);
    const reply = await stepOrTell(stream, context, token);
    if (reply !== undefined) await send(stream, CONTEXT, reply);
  }
  for (;;) {
    const { flags, token } = await receive(stream, MAX_DATA_TOKEN);
    if (flags & NOOP) return;
    const { message, sealed } = flags & WRAPPED ? context.unwrap(token) : { message: token, sealed: false };
    // gss-client sets the flag for encryption even on messages that it does not wrap.
    if (flags & WRAPPED && flags & ENCRYPTED && !sealed)
      throw astray('A message was not sealed as its flags say');
    onMessage({ message, seal: sealed });
    await (flags & SEND_MIC ? send(stream, MIC, context.mic(message)) : send(stream, NOOP, NONE));
  }
}

async function stepOrTell(
  stream: ByteStream,
  context: SecurityContext,
  token: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return await context.step(token);
  } catch (error) {
    if (error instanceof GssError && error.token !== undefined) await send(stream, CONTEXT, error.token);
    throw error;
  }
}

async function send(stream: ByteStream, flags: number, token: Uint8Array): Promise<void> {
  const header = Buffer.alloc(5);
  header.writeUInt8(flags);
  header.writeUInt32BE(token.length, 1);
  await stream.write(Buffer.concat([header, token]));
}

async function receiveOf(stream: ByteStream, kind: number, limit: number): Promise<Uint8Array> {
  const { flags, token } = await receive(stream, limit);
  if (flags !== kind) throw astray(`A token of kind ${flags} where one of ${kind} is due`);
  return token;
}

async function receive(
  stream: ByteStream,
  limit: number,
): Promise<{ readonly flags: number; readonly token: Uint8Array }> {
  const header = Buffer.from(await stream.read(5));
  const length = header.readUInt32BE(1);
  if (length > limit) throw astray(`A token of ${length} bytes where ${limit} are the most`);
  return { flags: header[0]!, token: length === 0 ? NONE : await stream.read(length) };
}

function astray(message: string): KerberosError {
  return new KerberosError('SENDAUTH', message);
}
