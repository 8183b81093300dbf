import type { OpenContextOptions } from '../gss/initiate.ts';
import {
  GSS_C_DELEG_FLAG,
  GSS_C_MUTUAL_FLAG,
  GSS_C_REPLAY_FLAG,
  GSS_C_SEQUENCE_FLAG,
  GSS_MECH_OID_SPNEGO,
} from './constants.ts';

// Bits of Microsoft and MIT, which have no names in npm's kerberos but may be set all the same.
const GSS_C_DCE_STYLE = 0x1000;
const GSS_C_IDENTIFY_FLAG = 0x2000;
const GSS_C_DELEG_POLICY_FLAG = 0x8000;

/** The context that `flags` (or `gssFlag`, as the declarations of npm's kerberos call it) and `mechOID` ask for. */
export function contextWishes(
  flags: unknown,
  mechOid: unknown,
): Pick<OpenContextOptions, 'flags' | 'delegation' | 'mechanism'> {
  const bits = typeof flags === 'number' ? flags : GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG;
  const has = (bit: number) => (bits & bit) !== 0;
  return {
    mechanism: mechOid === GSS_MECH_OID_SPNEGO ? 'spnego' : 'krb5',
    delegation: has(GSS_C_DELEG_FLAG) ? 'always' : has(GSS_C_DELEG_POLICY_FLAG) ? 'policy' : 'none',
    flags: {
      mutual: has(GSS_C_MUTUAL_FLAG),
      replay: has(GSS_C_REPLAY_FLAG),
      sequence: has(GSS_C_SEQUENCE_FLAG),
      dceStyle: has(GSS_C_DCE_STYLE),
      identify: has(GSS_C_IDENTIFY_FLAG),
    },
  };
}
