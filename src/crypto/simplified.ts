import { IntegrityError } from '../errors.ts';
import { BLOCK, BlockCipher, wholeBlocks } from './cts.ts';
import {
  CHECKSUM_KEY,
  type Deriver,
  ENCRYPTION_KEY,
  INTEGRITY_KEY,
  UsageCache,
  usageConstant,
} from './derive.ts';
import { type Mac, macMatches } from './mac.ts';
import { type Frame, type KeyOperations, NO_FRAME } from './profile.ts';
import { fillRandom } from './random.ts';
import { Scratch } from './scratch.ts';

/** The parameters of the simplified profile (RFC 3961 §5.2). */
export interface SimplifiedSpec {
  /** OpenSSL's name of the CBC mode. */
  readonly cipher: string;
  /** The length in bytes to which the MAC is truncated. */
  readonly macLength: number;
  /** DK: the function from constants to derived keys of the protocol key. */
  deriver(protocolKey: Uint8Array): Deriver;
  mac(key: Uint8Array): Mac;
  /** The PRF, given the key that is derived with the constant "prf". */
  prf(key: Uint8Array, input: Uint8Array): Uint8Array;
}

interface Sealer {
  readonly cipher: BlockCipher;
  readonly mac: Mac;
}

/** A key of the simplified profile: the MAC covers confounder and plaintext and follows the ciphertext (RFC 3961 §5.3). */
export class SimplifiedKey implements KeyOperations {
  private readonly spec: SimplifiedSpec;
  private readonly deriver: Deriver;
  private adopted: readonly Uint8Array[] = [];
  /** The constants that the adopted keys are derived from. */
  private adoptedFrom: readonly Uint8Array[] = [];
  private readonly sealers = new UsageCache<Sealer>(usage => {
    const keys = this.derive([usageConstant(usage, ENCRYPTION_KEY), usageConstant(usage, INTEGRITY_KEY)]);
    return this.sealer(keys[0]!, keys[1]!);
  });
  private readonly signers = new UsageCache<Mac>(usage =>
    this.spec.mac(this.derive([usageConstant(usage, CHECKSUM_KEY)])[0]!),
  );
  private prfKey: Uint8Array | undefined;

  constructor(spec: SimplifiedSpec, protocolKey: Uint8Array) {
    this.spec = spec;
    this.deriver = spec.deriver(protocolKey);
  }

  prepare(sealing: readonly number[], signing: readonly number[] = []): void {
    const unsealed = sealing.filter(usage => this.sealers.find(usage) === undefined);
    const unsigned = signing.filter(usage => this.signers.find(usage) === undefined);
    const constants: Uint8Array[] = [];
    for (const usage of unsealed) {
      constants.push(usageConstant(usage, ENCRYPTION_KEY), usageConstant(usage, INTEGRITY_KEY));
    }
    for (const usage of unsigned) constants.push(usageConstant(usage, CHECKSUM_KEY));
    if (constants.length === 0) return;
    const keys = this.derive(constants);
    let next = 0;
    for (const usage of unsealed) this.sealers.put(usage, this.sealer(keys[next++]!, keys[next++]!));
    for (const usage of unsigned) this.signers.put(usage, this.spec.mac(keys[next++]!));
  }

  derived(constants: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.deriver(constants);
  }

  adopt(constants: readonly Uint8Array[], keys: readonly Uint8Array[]): void {
    this.adopted = keys;
    this.adoptedFrom = constants;
  }

  encrypt(usage: number, plaintext: Uint8Array, frame: Frame = NO_FRAME): Uint8Array {
    const { cipher, mac } = this.sealers.get(usage);
    const { macLength } = this.spec;
    const { padded, start, end } = confounded(plaintext, frame, macLength);
    const tag = mac(padded.subarray(start, end));
    // The tag goes into the space that whole blocks leave behind the ciphertext, which saves a copy.
    const out = cipher.encrypt(padded, end, start);
    padded.fill(0);
    out.set(tag.length === macLength ? tag : tag.subarray(0, macLength), end);
    return out.subarray(start - frame.headroom, end + macLength);
  }

  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array {
    const { cipher, mac } = this.sealers.get(usage);
    const length = ciphertext.length - this.spec.macLength;
    if (length < BLOCK) throw new IntegrityError();
    const plaintext = cipher.decrypt(ciphertext, length);
    if (!macMatches(mac(plaintext), ciphertext.subarray(length), this.spec.macLength))
      throw new IntegrityError();
    return plaintext.subarray(BLOCK);
  }

  checksum(usage: number, ...data: readonly Uint8Array[]): Uint8Array {
    const sum = this.signers.get(usage)(...data);
    return sum.length === this.spec.macLength ? sum : sum.subarray(0, this.spec.macLength);
  }

  prf(input: Uint8Array): Uint8Array {
    this.prfKey ??= this.derive([Buffer.from('prf')])[0]!;
    return this.spec.prf(this.prfKey, input);
  }

  private derive(constants: readonly Uint8Array[]): readonly Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (const constant of constants) {
      const key = this.adopted[this.adoptedFrom.indexOf(constant)];
      if (key === undefined) return this.deriver(constants);
      keys.push(key);
    }
    return keys;
  }

  private sealer(encryptionKey: Uint8Array, integrityKey: Uint8Array): Sealer {
    const { cipher, mac } = this.spec;
    return { cipher: new BlockCipher(cipher, encryptionKey), mac: mac(integrityKey) };
  }
}

const scratch = new Scratch();

/** The input of a block cipher, from `start` to `end`. */
interface Confounded {
  readonly padded: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Whole blocks: the headroom; from `start` on, a random confounder block, `plaintext` and the trailer; from `end` on,
 * zeros with room for a tag. The caller clears them after encryption.
 */
export function confounded(plaintext: Uint8Array, frame: Frame, tagLength: number): Confounded {
  const start = wholeBlocks(frame.headroom);
  const behind = start + BLOCK + plaintext.length;
  const end = behind + frame.trailer.length;
  const padded = scratch.take(wholeBlocks(end + tagLength));
  fillRandom(padded, start, BLOCK);
  padded.set(plaintext, start + BLOCK);
  padded.set(frame.trailer, behind);
  return { padded: padded.fill(0, end), start, end };
}
