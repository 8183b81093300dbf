import { GssError } from './gss-error.ts';

/** Which violations are refused, by the context's flags. */
export interface SequenceChecks {
  readonly replay: boolean;
  readonly sequence: boolean;
}

/** How many numbers below the expected one are remembered. */
const WIDTH = 64n;
const ALL_SEEN = (1n << WIDTH) - 1n;

/** The sequence numbers of the messages that one side has received (RFC 2743 §1.2.3). */
export class SequenceWindow {
  private readonly checks: SequenceChecks;
  private readonly bits: number;
  private expected: bigint;
  /**
   * Bit 0 stands for the number before the expected one. Numbers before the first belong to no message of the context.
   */
  private seen = ALL_SEEN;

  /** Numbers have `bits` bits and wrap around. */
  constructor(first: bigint, bits: number, checks: SequenceChecks) {
    this.expected = first;
    this.bits = bits;
    this.checks = checks;
  }

  /**
   * Records the number of an authenticated message. Throws DUPLICATE_TOKEN, OLD_TOKEN, UNSEQ_TOKEN or GAP_TOKEN; what
   * follows a gap is in sequence again.
   */
  admit(number: bigint): void {
    const { replay, sequence } = this.checks;
    if (!replay && !sequence) return;
    const ahead = BigInt.asIntN(this.bits, number - this.expected);
    if (ahead < 0n) this.admitLate(-ahead);
    else {
      this.seen = ahead < WIDTH ? BigInt.asUintN(64, (this.seen << (ahead + 1n)) | 1n) : 1n;
      this.expected = BigInt.asUintN(this.bits, number + 1n);
      if (ahead > 0n && sequence) throw new GssError('GAP_TOKEN', 'a message before this one is missing');
    }
  }

  /** `age` is 1 for the number before the expected one. */
  private admitLate(age: bigint): void {
    const { replay, sequence } = this.checks;
    if (age <= WIDTH) {
      const bit = 1n << (age - 1n);
      if (replay && (this.seen & bit) !== 0n)
        throw new GssError('DUPLICATE_TOKEN', 'the message has been received before');
      this.seen |= bit;
    } else if (!sequence) throw new GssError('OLD_TOKEN', 'the message is too old to tell whether it is new');
    if (sequence) throw new GssError('UNSEQ_TOKEN', 'a later message has been received before this one');
  }
}
