import type { SecurityContext } from '../context.ts';
import { GssError } from '../gss-error.ts';

/**
 * The exchange of mechListMICs (RFC 4178 §5): under the key that the mechanism has agreed on, each side authenticates
 * the list of mechanisms as it was sent or received, so that nobody in between can have influenced the choice.
 */
export class MechListMic {
  /**
   * Whether both sides must send a MIC: always where the mechanism is not the initiator's first, or where either side
   * asks for it.
   */
  required = false;
  private readonly mechTypes: Uint8Array;
  private sent = false;
  private received = false;

  /** `mechTypes` is the DER of the MechTypeList. */
  constructor(mechTypes: Uint8Array) {
    this.mechTypes = mechTypes;
  }

  /**
   * Takes the peer's MIC, if there is one, and returns ours, if it is due. Throws GssError BAD_MIC where the lists
   * differ, and as `verifyMic` does.
   */
  exchange(context: SecurityContext, theirs: Uint8Array | undefined): Uint8Array | undefined {
    // As MIT does: without integrity protection, a MIC is neither sent nor read.
    if (!context.info.flags.integrity) return undefined;
    if (theirs !== undefined) {
      if (this.received) throw new GssError('DEFECTIVE_TOKEN', 'a second mechListMIC');
      context.verifyMic(this.mechTypes, theirs);
      this.received = true;
      this.required = true;
    }
    if (!this.required || this.sent) return undefined;
    this.sent = true;
    return context.mic(this.mechTypes);
  }

  /** Whether the peer's MIC is still to come. */
  isPending(context: SecurityContext): boolean {
    return this.required && !this.received && context.info.flags.integrity;
  }
}
