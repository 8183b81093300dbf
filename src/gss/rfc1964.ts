import type { Key } from '../crypto/key.ts';
import { hmac, type Mac, macMatches } from '../crypto/mac.ts';
import type { KeyOperations } from '../crypto/profile.ts';
import { fillRandom } from '../crypto/random.ts';
import { rc4 } from '../crypto/rc4.ts';
import { framingLength, readFraming, writeFraming } from './rfc1964-framing.ts';
import { badMic, defective } from './token-errors.ts';
import type { Opened, TokenContext, TokenFormat } from './token-format.ts';

// The content of a token: header, SND_SEQ, SGN_CKSUM and, of a Wrap token, a confounder and the padded data.
const SND_SEQ = 8;
const SGN_CKSUM = 16;
const CHECKSUM = 8;
const MIC_END = 24;
const CONFOUNDER = 8;
const WRAP_START = MIC_END + CONFOUNDER;

// TOK_ID, SGN_ALG HMAC, SEAL_ALG RC4 or none, and filler (RFC 4757 §7.2, §7.3).
const MIC_HEADER = Buffer.of(0x01, 0x01, 0x11, 0x00, 0xff, 0xff, 0xff, 0xff);
const SEALED_HEADER = Buffer.of(0x02, 0x01, 0x11, 0x00, 0x10, 0x00, 0xff, 0xff);
const SIGNED_HEADER = Buffer.of(0x02, 0x01, 0x11, 0x00, 0xff, 0xff, 0xff, 0xff);

/** The message types of RFC 4757 §7, which are key usages of its checksum. */
const SEAL_USAGE = 13;
const SIGN_USAGE = 15;

/**
 * A stream cipher needs no padding, but RFC 1964 §1.2.2.3 demands at least one byte, which states the length of the
 * padding.
 */
const PADDING = 1;
const MAX_PADDING = 8;

/** The per-message tokens of RFC 1964 §1.2 with RC4, as RFC 4757 §7 defines them. */
export class Rfc1964Tokens implements TokenFormat {
  readonly sequenceBits = 32;
  private readonly operations: KeyOperations;
  private readonly sequenceKey: Mac;
  private readonly sealingKey: Mac;
  private readonly dceStyle: boolean;
  private readonly ourDirection: number;

  constructor({ key, side, dceStyle }: TokenContext) {
    this.operations = key.operations;
    this.sequenceKey = twofold(key.bytes);
    this.sealingKey = twofold(key.bytes.map(byte => byte ^ 0xf0));
    this.dceStyle = dceStyle;
    this.ourDirection = side === 'initiator' ? 0 : 0xff;
  }

  wrap(message: Uint8Array, seal: boolean, sequence: bigint): Uint8Array {
    const token = Buffer.allocUnsafe(this.wrappedLength(message.length));
    const counted = this.countedLength(message.length);
    writeFraming(token, counted);
    const content = token.subarray(framingLength(counted));
    const body = content.subarray(MIC_END);
    content.set(seal ? SEALED_HEADER : SIGNED_HEADER);
    fillRandom(body, 0, CONFOUNDER);
    body.set(message, CONFOUNDER);
    body.fill(PADDING, CONFOUNDER + message.length);
    const number = this.number(sequence);
    content.set(this.checksum(SEAL_USAGE, content, body), SGN_CKSUM);
    if (seal) rc4(this.sealingKey(number.subarray(0, 4)), body, body);
    this.placeNumber(content, number);
    return token;
  }

  unwrap(token: Uint8Array): Opened {
    const { content, padded } = this.wrapContent(asBuffer(token));
    const sealed = startsWith(content, SEALED_HEADER);
    if (!sealed && !startsWith(content, SIGNED_HEADER)) throw defective('is of another kind');
    const number = this.readNumber(content);
    let body: Buffer = content.subarray(MIC_END);
    if (sealed) {
      body = Buffer.allocUnsafe(body.length);
      rc4(this.sealingKey(number.subarray(0, 4)), content.subarray(MIC_END), body);
    }
    this.verify(SEAL_USAGE, content, body, number);
    const end = padded ? unpaddedLength(body) : body.length;
    return { message: body.subarray(CONFOUNDER, end), sealed, sequence: BigInt(number.readUInt32BE()) };
  }

  mic(message: Uint8Array, sequence: bigint): Uint8Array {
    const start = framingLength(MIC_END);
    const token = Buffer.allocUnsafe(start + MIC_END);
    writeFraming(token, MIC_END);
    const content = token.subarray(start);
    content.set(MIC_HEADER);
    content.set(this.checksum(SIGN_USAGE, content, message), SGN_CKSUM);
    this.placeNumber(content, this.number(sequence));
    return token;
  }

  verifyMic(message: Uint8Array, token: Uint8Array): bigint {
    const bytes = asBuffer(token);
    const { start, length } = readFraming(bytes);
    const content = bytes.subarray(start);
    if (length !== MIC_END || content.length !== MIC_END) throw defective('is of another length');
    if (!startsWith(content, MIC_HEADER)) throw defective('is of another kind');
    const number = this.readNumber(content);
    this.verify(SIGN_USAGE, content, message, number);
    return BigInt(number.readUInt32BE());
  }

  wrappedLength(length: number): number {
    const padding = this.dceStyle ? 0 : PADDING;
    return framingLength(this.countedLength(length)) + WRAP_START + length + padding;
  }

  /**
   * The length that the framing states: in DCE style it excludes the message, which is sent elsewhere (MS-KILE
   * §3.4.5.4.1).
   */
  private countedLength(length: number): number {
    return this.dceStyle ? WRAP_START : WRAP_START + length + PADDING;
  }

  /** Some peers use ordinary tokens even in DCE style. */
  private wrapContent(token: Buffer): { readonly content: Buffer; readonly padded: boolean } {
    const { start, length } = readFraming(token);
    const content = token.subarray(start);
    const padded = !this.dceStyle || length !== WRAP_START;
    if (padded && content.length !== length) throw defective('is of another length');
    if (content.length < WRAP_START) throw defective('ends early');
    return { content, padded };
  }

  private checksum(usage: number, content: Uint8Array, data: Uint8Array): Uint8Array {
    return this.operations.checksum(usage, content.subarray(0, SND_SEQ), data).subarray(0, CHECKSUM);
  }

  private verify(usage: number, content: Uint8Array, data: Uint8Array, number: Uint8Array): void {
    const received = content.subarray(SGN_CKSUM, MIC_END);
    if (!macMatches(this.checksum(usage, content, data), received, CHECKSUM)) throw badMic();
    const theirDirection = this.ourDirection ^ 0xff;
    for (let i = 4; i < 8; i++) if (number[i] !== theirDirection) throw badMic();
  }

  /** SND_SEQ before it is encrypted: the number and the direction. */
  private number(sequence: bigint): Buffer {
    const number = Buffer.alloc(8, this.ourDirection);
    number.writeUInt32BE(Number(sequence));
    return number;
  }

  private placeNumber(content: Buffer, number: Uint8Array): void {
    rc4(this.sequenceKey(content.subarray(SGN_CKSUM, MIC_END)), number, content.subarray(SND_SEQ, SGN_CKSUM));
  }

  private readNumber(content: Buffer): Buffer {
    const number = Buffer.allocUnsafe(8);
    rc4(this.sequenceKey(content.subarray(SGN_CKSUM, MIC_END)), content.subarray(SND_SEQ, SGN_CKSUM), number);
    return number;
  }
}

/** The keys that RFC 4757 §7 derives from `key`: the HMAC of zero, keyed by an HMAC of the purpose. */
function twofold(key: Key['bytes']): Mac {
  return hmac('md5', hmac('md5', key)(new Uint8Array(4)));
}

/** The length of an authenticated body without its padding. */
function unpaddedLength(body: Uint8Array): number {
  const padding = body[body.length - 1]!;
  const end = body.length - padding;
  if (padding === 0 || padding > MAX_PADDING || end < CONFOUNDER) throw defective('has no padding');
  for (let i = end; i < body.length; i++) if (body[i] !== padding) throw defective('has no padding');
  return end;
}

function startsWith(content: Buffer, header: Buffer): boolean {
  return content.subarray(0, header.length).equals(header);
}

function asBuffer(token: Uint8Array): Buffer {
  return Buffer.from(token.buffer, token.byteOffset, token.length);
}
