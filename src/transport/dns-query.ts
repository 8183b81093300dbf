import type { Target } from './protocols.ts';
import type { StopSignal } from './stop-signal.ts';

export interface DnsQueryOptions {
  readonly signal: StopSignal;
  /** Servers as `address` or `address:port`; the system's if not given. */
  readonly servers?: readonly string[] | undefined;
}

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const RECURSION_DESIRED = 0x0100;
const TRUNCATED = 0x0200;
const RESPONSE = 0x8000;
const NAME_ERROR = 3;
const DNS_PORT = 53;
/** A server that gives no answer in that time is asked once more, then the next one. */
const ANSWER_SECONDS = 2;
const TRIES = 2;
/** More than anybody publishes of one name. */
const MAX_ANSWERS = 64;

/**
 * The data of the records of a name and type, for types that Node's resolver does not know (RFC 1035 §4). None where
 * there are none; rejects where no server answers.
 */
export async function queryDns(name: string, type: number, options: DnsQueryOptions): Promise<Uint8Array[]> {
  const { signal, servers = (await import('node:dns')).getServers() } = options;
  const { randomInt } = await import('node:crypto');
  let failure = new Error('no DNS server is configured');
  for (let tries = 0; tries < TRIES; tries++) {
    for (const server of servers) {
      const question = encodeQuestion(name, type, randomInt(0x10000));
      try {
        const answer = await ask(server, question, signal);
        return readAnswers(answer, question, type);
      } catch (error) {
        failure = error as Error;
        if (signal.aborted) throw failure;
      }
    }
  }
  throw failure;
}

async function ask(server: string, question: Buffer, signal: StopSignal): Promise<Buffer> {
  const target = serverTarget(server);
  const { exchangeUdp } = await import('./udp.ts');
  // What answers another question may be anybody's, and the server's own answer under way.
  const isReply = (datagram: Uint8Array): boolean => isAnswerTo(question, Buffer.from(datagram));
  const answer = await timed(signal, stop =>
    exchangeUdp(target('udp'), question, { signal: stop, resendAfter: [], isReply }),
  );
  if (!isTruncated(answer)) return Buffer.from(answer);
  // Over TCP a message goes after its length in two octets.
  const { exchangeFramed } = await import('./tcp.ts');
  return Buffer.from(
    await timed(signal, stop => exchangeFramed(target('tcp'), question, { signal: stop, lengthBytes: 2 })),
  );
}

/** A server as Node names it: `address`, `v4:port` or `[v6]:port`. */
function serverTarget(server: string): (protocol: 'udp' | 'tcp') => Target {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(server) ?? [];
  const host = bracketed ?? plain ?? server;
  return protocol => ({ protocol, host, port: Number(port ?? DNS_PORT) });
}

/** Runs `work` with a signal of its own, which also fires when the time for an answer is over. */
async function timed<T>(outer: StopSignal, work: (signal: StopSignal) => Promise<T>): Promise<T> {
  const { StopController } = await import('./stop-signal.ts');
  const stop = new StopController();
  const abort = (): void => stop.abort();
  const timer = setTimeout(abort, ANSWER_SECONDS * 1000);
  outer.addEventListener('abort', abort);
  if (outer.aborted) abort();
  try {
    return await work(stop);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', abort);
  }
}

function encodeQuestion(name: string, type: number, id: number): Buffer {
  const labels = name
    .replace(/\.$/, '')
    .split('.')
    .map(label => Buffer.from(label, 'utf8'));
  if (labels.some(label => label.length === 0 || label.length > 63)) throw new Error(`no DNS name: ${name}`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(5);
  tail.writeUInt16BE(type, 1);
  tail.writeUInt16BE(CLASS_IN, 3);
  return Buffer.concat([header, ...labels.flatMap(label => [Buffer.of(label.length), label]), tail]);
}

function isTruncated(answer: Uint8Array): boolean {
  return answer.length > 3 && (answer[2]! & (TRUNCATED >> 8)) !== 0;
}

function isAnswerTo(question: Buffer, answer: Buffer): boolean {
  return answer.length >= HEADER_BYTES && answer.readUInt16BE(0) === question.readUInt16BE(0);
}

function readAnswers(answer: Buffer, question: Buffer, type: number): Uint8Array[] {
  if (!isAnswerTo(question, answer)) throw new Error('the DNS answer is not to our question');
  const flags = answer.readUInt16BE(2);
  const code = flags & 0x0f;
  if ((flags & RESPONSE) === 0 || (code !== 0 && code !== NAME_ERROR)) throw new Error(`DNS error ${code}`);
  if (!echoes(answer, question)) throw new Error('the DNS answer is not to our question');
  const count = Math.min(answer.readUInt16BE(6), MAX_ANSWERS);
  const found: Uint8Array[] = [];
  let at = question.length;
  for (let i = 0; i < count; i++) {
    at = skipName(answer, at);
    if (at + 10 > answer.length) throw new Error('the DNS answer is cut short');
    const length = answer.readUInt16BE(at + 8);
    const data = answer.subarray(at + 10, at + 10 + length);
    if (data.length < length) throw new Error('the DNS answer is cut short');
    // An alias's record comes before those of the name it stands for.
    if (answer.readUInt16BE(at) === type) found.push(data);
    at += 10 + length;
  }
  return found;
}

/** Whether the answer repeats the question; servers may change the case of letters. */
function echoes(answer: Buffer, question: Buffer): boolean {
  const part = (message: Buffer): string =>
    message.toString('latin1', HEADER_BYTES, question.length).toLowerCase();
  return answer.readUInt16BE(4) === 1 && part(answer) === part(question);
}

function skipName(message: Buffer, start: number): number {
  for (let at = start; at < message.length; ) {
    const length = message[at]!;
    if (length >= 0xc0) return at + 2; // a pointer ends a name
    at += 1 + length;
    if (length === 0) return at;
  }
  throw new Error('the DNS answer is cut short');
}
