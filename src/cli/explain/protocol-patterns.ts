/**
 * Messages that mean an error of the protocol, by its number: those that contain names, and the words for the reason in
 * the log of MIT's KDC, which Heimdal's clients print.
 */
export const PROTOCOL_PATTERNS: readonly (readonly [RegExp, number])[] = [
  [/client .*not found in kerberos database/i, 6],
  // As Heimdal has it.
  [/client \(.*\) unknown/i, 6],
  [/server \(.*\) unknown/i, 7],
  [/server .*not found in kerberos database/i, 7],
  [/password incorrect/i, 24],
  [/pre-?authentication information was invalid/i, 24],
  [/additional pre-?authentication required/i, 25],
  // As Microsoft spells it.
  [/\bKDC_ERR_ETYPE_NOTSUPP\b/i, 14],
  [/\bCLIENT EXPIRED\b/, 1],
  [/\bSERVICE EXPIRED\b/, 2],
  [/\bCLIENT_NOT_FOUND\b/, 6],
  [/\b(?:UNKNOWN|LOOKING_UP)_SERVER\b|\bSERVER_NOT_FOUND\b/, 7],
  [/\bPOSTDATE NOT ALLOWED\b/, 10],
  [/\bHIGHER_AUTHENTICATION_REQUIRED\b|\bDUP_SKEY DISALLOWED\b/, 12],
  [/\bTICKET NOT RENEWABLE\b|\bTGT NOT (?:FORWARDABLE|PROXIABLE|POSTDATABLE)\b/, 13],
  [/\bNOT_ALLOWED_TO_DELEGATE\b|\bEVIDENCE_T(?:IC)?KE?T_NOT_FORWARDABLE\b/, 13],
  [/\bBAD_ENCRYPTION_TYPE\b|\bCANT_FIND_CLIENT_KEY\b/, 14],
  [/\bLOCKED[_ ]OUT\b/, 18],
  [/\bCLIENT KEY EXPIRED\b|\bREQUIRED PWCHANGE\b/, 23],
  [/\bPREAUTH_FAILED\b/, 24],
  [/\bNEEDED_PREAUTH\b/, 25],
  [/\bSERVER NOT ALLOWED\b/, 27],
];
