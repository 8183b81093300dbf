import { BLOCK } from '../crypto/cts.ts';
import { macMatches } from '../crypto/mac.ts';
import type { KeyOperations } from '../crypto/profile.ts';
import {
  ACCEPTOR_SUBKEY,
  checksummedHeader,
  HEADER,
  MIC_TOKEN,
  micHeader,
  readHeader,
  SEALED,
  SENT_BY_ACCEPTOR,
  sameHeader,
  setExtraCount,
  setRotation,
  WRAP_TOKEN,
  wrapHeader,
} from './cfx/header.ts';
import { rotatedBack, rotateRight } from './cfx/rotation.ts';
import { badMic, defective } from './token-errors.ts';
import type { Opened, TokenContext, TokenFormat } from './token-format.ts';

/** The key usages of what one side sends (RFC 4121 §2). */
interface Usages {
  readonly seal: number;
  readonly sign: number;
}

const INITIATOR: Usages = { seal: 24, sign: 25 };
const ACCEPTOR: Usages = { seal: 22, sign: 23 };

/** The per-message tokens of RFC 4121 §4.2, for every enctype but RC4. */
export class CfxTokens implements TokenFormat {
  readonly sequenceBits = 64;
  private readonly operations: KeyOperations;
  private readonly tagLength: number;
  private readonly dceStyle: boolean;
  private readonly ourUsages: Usages;
  private readonly theirUsages: Usages;
  private readonly ourFlags: number;
  private readonly theirFlags: number;

  constructor({ key, side, acceptorSubkey, dceStyle }: TokenContext) {
    this.operations = key.operations;
    this.tagLength = key.profile.tagLength;
    this.dceStyle = dceStyle;
    const accepts = side === 'acceptor';
    this.ourUsages = accepts ? ACCEPTOR : INITIATOR;
    this.theirUsages = accepts ? INITIATOR : ACCEPTOR;
    const subkey = acceptorSubkey ? ACCEPTOR_SUBKEY : 0;
    this.ourFlags = (accepts ? SENT_BY_ACCEPTOR : 0) | subkey;
    this.theirFlags = (accepts ? 0 : SENT_BY_ACCEPTOR) | subkey;
  }

  wrap(message: Uint8Array, seal: boolean, sequence: bigint): Uint8Array {
    return seal ? this.seal(message, sequence) : this.sign(message, sequence);
  }

  unwrap(token: Uint8Array): Opened {
    const { flags, extraCount, rotation, sequence } = readHeader(token, WRAP_TOKEN);
    this.checkFlags(flags);
    const sealed = (flags & SEALED) !== 0;
    const places = sealed && this.dceStyle ? rotation + extraCount : rotation;
    const body = rotatedBack(token.subarray(HEADER), places);
    const message = sealed ? this.open(token, body, extraCount) : this.verify(token, body, extraCount);
    return { message, sealed, sequence };
  }

  mic(message: Uint8Array, sequence: bigint): Uint8Array {
    const header = micHeader(this.ourFlags, sequence);
    return Buffer.concat([header, this.operations.checksum(this.ourUsages.sign, message, header)]);
  }

  verifyMic(message: Uint8Array, token: Uint8Array): bigint {
    const { flags, sequence } = readHeader(token, MIC_TOKEN);
    if ((flags & SEALED) !== 0) throw defective('seals nothing, but says so');
    if (token.length !== HEADER + this.tagLength) throw defective('has a checksum of another length');
    this.checkFlags(flags);
    const computed = this.operations.checksum(this.theirUsages.sign, message, token.subarray(0, HEADER));
    if (!macMatches(computed, token.subarray(HEADER), this.tagLength)) throw badMic();
    return sequence;
  }

  wrappedLength(length: number, seal: boolean): number {
    return HEADER + length + this.tagLength + (seal ? BLOCK + this.fillerLength() + HEADER : 0);
  }

  private seal(message: Uint8Array, sequence: bigint): Uint8Array {
    const filler = this.fillerLength();
    const header = wrapHeader(this.ourFlags | SEALED, filler, sequence);
    const trailer = filler === 0 ? header : Buffer.concat([Buffer.alloc(filler), header]);
    const token = this.operations.encrypt(this.ourUsages.seal, message, { headroom: HEADER, trailer });
    token.set(header);
    if (this.dceStyle) this.rotate(token, HEADER + this.tagLength, filler);
    return token;
  }

  private sign(message: Uint8Array, sequence: bigint): Uint8Array {
    const header = wrapHeader(this.ourFlags, 0, sequence);
    const checksum = this.operations.checksum(this.ourUsages.seal, message, header);
    setExtraCount(header, checksum.length);
    const token = Buffer.concat([header, message, checksum]);
    if (this.dceStyle) this.rotate(token, checksum.length, 0);
    return token;
  }

  private open(token: Uint8Array, body: Uint8Array, filler: number): Uint8Array {
    if (body.length < BLOCK + filler + HEADER + this.tagLength)
      throw defective('is shorter than what it says it holds');
    const plaintext = this.decrypt(body);
    const end = plaintext.length - HEADER;
    if (!sameHeader(plaintext.subarray(end), token)) throw badMic();
    return plaintext.subarray(0, end - filler);
  }

  private decrypt(body: Uint8Array): Uint8Array {
    try {
      return this.operations.decrypt(this.theirUsages.seal, body);
    } catch (error) {
      throw badMic(error);
    }
  }

  private verify(token: Uint8Array, body: Uint8Array, checksumLength: number): Uint8Array {
    if (checksumLength !== this.tagLength || body.length < checksumLength)
      throw defective('has a checksum of another length');
    const message = body.subarray(0, body.length - checksumLength);
    const computed = this.operations.checksum(this.theirUsages.seal, message, checksummedHeader(token));
    if (!macMatches(computed, body.subarray(message.length), checksumLength)) throw badMic();
    return message;
  }

  /** Checks that the token is from the other side and uses the key of the context. Unknown flags are ignored. */
  private checkFlags(flags: number): void {
    if ((flags & (SENT_BY_ACCEPTOR | ACCEPTOR_SUBKEY)) !== this.theirFlags) throw badMic();
  }

  /** In DCE style one block, which serves no purpose but is what Windows expects (MS-KILE §3.4.5.4.1). */
  private fillerLength(): number {
    return this.dceStyle ? BLOCK : 0;
  }

  /**
   * Moves what follows the message to its front. Windows also rotates by the length of the filler, which RRC does not
   * include.
   */
  private rotate(token: Uint8Array, rotation: number, filler: number): void {
    setRotation(token, rotation);
    rotateRight(token.subarray(HEADER), rotation + filler);
  }
}
