// Bits as numbers, bit 0 of the RFC being the highest: `flags & FORWARDABLE`.

/** The bit that RFC 4120 numbers `n`. */
const bit = (n: number): number => (0x80000000 >>> n) >>> 0;

// RFC 4120 §5.3 ticket flags; the KDC options of §5.4.1 with the same meaning have the same bits.
export const FORWARDABLE = bit(1);
export const FORWARDED = bit(2);
export const PROXIABLE = bit(3);
export const PROXY = bit(4);
export const MAY_POSTDATE = bit(5);
export const POSTDATED = bit(6);
export const INVALID = bit(7);
export const RENEWABLE = bit(8);
export const INITIAL = bit(9);
export const PRE_AUTHENT = bit(10);
export const HW_AUTHENT = bit(11);
export const TRANSITED_POLICY_CHECKED = bit(12);
export const OK_AS_DELEGATE = bit(13);
/** RFC 6806 §11. */
export const ENC_PA_REP = bit(15);
/** RFC 8062 §4. */
export const ANONYMOUS = bit(16);

// RFC 4120 §5.4.1 KDC options that are not also ticket flags.
export const ALLOW_POSTDATE = bit(5);
/** MS-SFU 2.2.3. */
export const CNAME_IN_ADDL_TKT = bit(14);
/** RFC 6806 §3. */
export const CANONICALIZE = bit(15);
export const REQUEST_ANONYMOUS = bit(16);
export const DISABLE_TRANSITED_CHECK = bit(26);
export const RENEWABLE_OK = bit(27);
export const ENC_TKT_IN_SKEY = bit(28);
export const RENEW = bit(30);
export const VALIDATE = bit(31);

// RFC 4120 §5.5.1 AP options.
export const USE_SESSION_KEY = bit(1);
export const MUTUAL_REQUIRED = bit(2);
