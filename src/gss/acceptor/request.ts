import type { ApAccepted } from '../../ap/acceptor.ts';
import { ApError } from '../../ap/ap-error.ts';
import { type ChecksumValue, verifyChecksum } from '../../crypto/checksum.ts';
import { AD_IF_RELEVANT } from '../../messages/authorization.ts';
import { KRB_AP_ERR_INAPP_CKSUM, KRB_AP_ERR_MODIFIED } from '../../messages/error-codes.ts';
import { KU_AP_REQ_CKSUM } from '../../messages/numbers.ts';
import { AuthorizationData, type AuthorizationDataElement } from '../../messages/types.ts';
import { decodeGssChecksum, GSS_CHECKSUM, type GssChecksum } from '../authenticator-checksum.ts';
import { hashBindings } from '../channel-bindings.ts';
import type { ChannelBindings, ContextFlags } from '../context.ts';
import { GssError } from '../gss-error.ts';

/** What an initiator asks for. */
export type Asked = Pick<GssChecksum, 'flags' | 'delegation' | 'finished'>;

export interface BindingsPolicy {
  readonly channelBindings?: ChannelBindings | undefined;
  readonly requireBindings?: boolean | undefined;
}

/**
 * MS-KILE 2.2.5: the element by which clients state their capabilities, among them that they support channel bindings.
 */
const AD_AP_OPTIONS = 143;
const KERB_AP_OPTIONS_CBT = 0x4000;

/**
 * What the initiator asks for, after its channel bindings have been checked. Throws GssError BAD_BINDINGS and
 * DEFECTIVE_TOKEN, ApError and CodecError.
 */
export function askedOf(accepted: ApAccepted, policy: BindingsPolicy): Asked {
  const { checksum, session } = accepted;
  if (checksum === undefined) throw new ApError(KRB_AP_ERR_INAPP_CKSUM, 'no checksum');
  const asked = checksum.cksumtype === GSS_CHECKSUM ? decodeGssChecksum(checksum.checksum) : plain(accepted);
  // Nothing protects the AP-REQ's own options.
  if (asked.flags.mutual && !session.mutual) {
    throw new GssError('DEFECTIVE_TOKEN', 'mutual authentication is and is not asked for');
  }
  if (asked.flags.dceStyle && !asked.flags.mutual) {
    throw new GssError('DEFECTIVE_TOKEN', 'DCE style is always mutual');
  }
  checkBindings(asked.bindings, accepted, policy);
  return asked;
}

/** Whether the initiator asks for DCE style. Throws CodecError. */
export function isDceStyle(checksum: ChecksumValue | undefined): boolean {
  return checksum?.cksumtype === GSS_CHECKSUM && decodeGssChecksum(checksum.checksum).flags.dceStyle;
}

/** Old Samba clients send a keyed checksum over no data; the reference implementation accepts it. */
function plain({ checksum, session }: ApAccepted): GssChecksum {
  const { sessionKey, mutual } = session;
  if (checksum?.cksumtype !== sessionKey.profile.cksumtype) throw new ApError(KRB_AP_ERR_INAPP_CKSUM);
  if (!verifyChecksum(sessionKey, KU_AP_REQ_CKSUM, new Uint8Array(0), checksum)) {
    throw new ApError(KRB_AP_ERR_MODIFIED, 'a checksum over something');
  }
  const flags: ContextFlags = {
    delegation: false,
    mutual,
    replay: true,
    sequence: true,
    confidentiality: false,
    integrity: false,
    anonymous: false,
    dceStyle: false,
    identify: false,
  };
  return { bindings: hashBindings(undefined), flags };
}

/**
 * An initiator may send no bindings unless it says that it supports them (MS-KILE 3.4.5); a man in the middle cannot
 * remove that statement, because it is sealed.
 */
function checkBindings(
  bindings: Uint8Array,
  { authorizationData }: ApAccepted,
  { channelBindings, requireBindings = false }: BindingsPolicy,
): void {
  if (channelBindings === undefined) {
    if (requireBindings) throw new GssError('BAD_BINDINGS', 'there is nothing to be bound to');
    return;
  }
  if (Buffer.compare(bindings, hashBindings(channelBindings)) === 0) return;
  const isUnbound = bindings.every(byte => byte === 0);
  if (!isUnbound) throw new GssError('BAD_BINDINGS', 'the context is bound to another channel');
  if (requireBindings || knowsOfBindings(authorizationData)) {
    throw new GssError('BAD_BINDINGS', 'the context is not bound to its channel');
  }
}

function knowsOfBindings(elements: readonly AuthorizationDataElement[]): boolean {
  return elements
    .filter(({ adType }) => adType === AD_IF_RELEVANT)
    .flatMap(({ adData }) => AuthorizationData.decode(adData))
    .some(({ adType, adData }) => adType === AD_AP_OPTIONS && optionsOf(adData) & KERB_AP_OPTIONS_CBT);
}

function optionsOf(data: Uint8Array): number {
  return data.length === 4 ? Buffer.from(data).readUInt32LE() : 0;
}
