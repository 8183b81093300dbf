const POLICY_BYTES = 30;
const COMPLEX = 1;
/** Windows counts time in units of 100 ns. */
const TICKS_A_DAY = 86_400n * 10_000_000n;

/**
 * Active Directory's reason for rejecting a password, in words: the domain's policy, as numbers that follow two zeros
 * (MS-KILE 3.1.5.1). Undefined for anything else.
 */
export function explainPasswordPolicy(data: Uint8Array): string | undefined {
  if (data.length !== POLICY_BYTES || data[0] !== 0 || data[1] !== 0) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const minimumLength = view.getUint32(2);
  const history = view.getUint32(6);
  const properties = view.getUint32(10);
  const minimumAge = view.getBigUint64(22) / TICKS_A_DAY;
  const rules = [
    ...(properties & COMPLEX
      ? ['It must mix three of upper case, lower case, digits and symbols, and not contain your name.']
      : []),
    ...(minimumLength > 0
      ? [`It must have at least ${minimumLength} character${minimumLength === 1 ? '' : 's'}.`]
      : []),
    ...(history > 0
      ? [`It must differ from the last ${history === 1 ? 'password' : `${history} passwords`}.`]
      : []),
    ...(minimumAge > 0n
      ? [`A password can be changed again after ${minimumAge === 1n ? 'a day' : `${minimumAge} days`}.`]
      : []),
  ];
  return rules.length > 0
    ? rules.join('  ')
    : 'Try a more complex password, or ask your administrator for the rules.';
}
