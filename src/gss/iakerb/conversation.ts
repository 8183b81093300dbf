import { makeChecksum, verifyChecksum } from '../../crypto/checksum.ts';
import type { Key } from '../../crypto/key.ts';
import { KU_IAKERB_FINISHED } from '../../messages/numbers.ts';
import { IakerbFinished } from '../../messages/proxy.ts';
import { GssError } from '../gss-error.ts';

/** A login with every pre-authentication, and referrals, take less than half of this. */
const MAX_TOKENS = 64;
const MAX_BYTES = 1 << 20;

/**
 * The tokens of an IAKERB exchange, which nothing protects while it lasts: whoever stands between the two sides could
 * change them. The initiator therefore proves afterwards which it has seen.
 */
export class Conversation {
  private tokens: Uint8Array[] = [];
  private length = 0;

  /** Throws GssError DEFECTIVE_TOKEN for an exchange that does not end. */
  add(token: Uint8Array): void {
    this.length += token.length;
    if (this.tokens.length === MAX_TOKENS || this.length > MAX_BYTES) {
      throw new GssError('DEFECTIVE_TOKEN', 'the IAKERB exchange does not end');
    }
    this.tokens.push(Uint8Array.from(token));
  }

  /** The IAKERB-FINISHED for the AP-REQ with this subkey; undefined if there was no exchange. */
  finish(subkey: Key): Uint8Array | undefined {
    if (this.length === 0) return undefined;
    return IakerbFinished.encode({ gssMic: makeChecksum(subkey, KU_IAKERB_FINISHED, this.take()) });
  }

  /** Throws GssError BAD_MIC unless the initiator has seen the same exchange. */
  verify(finished: Uint8Array | undefined, subkey: Key | undefined): void {
    if (this.length === 0) return;
    if (finished === undefined || subkey === undefined) {
      throw new GssError('BAD_MIC', 'the initiator does not prove its IAKERB exchange');
    }
    const { gssMic } = IakerbFinished.decode(finished);
    if (!verifyChecksum(subkey, KU_IAKERB_FINISHED, this.take(), gssMic)) {
      throw new GssError('BAD_MIC', 'the IAKERB exchange was changed on its way');
    }
  }

  /** Once: a context may live for days. */
  private take(): Uint8Array {
    const all = Buffer.concat(this.tokens);
    this.tokens = [];
    return all;
  }
}
