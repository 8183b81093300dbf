/** The name and meaning of a Windows status. */
interface WindowsStatus {
  readonly name: string;
  readonly meaning: string;
}

/** The statuses of MS-ERREF 2.3.1 that a failed log-in can have. */
const STATUSES: Readonly<Record<number, WindowsStatus>> = {
  3221225506: { name: 'STATUS_ACCESS_DENIED', meaning: 'access is denied' },
  3221225566: { name: 'STATUS_NO_LOGON_SERVERS', meaning: 'no domain controller can be reached' },
  3221225572: { name: 'STATUS_NO_SUCH_USER', meaning: 'there is no such account' },
  3221225578: { name: 'STATUS_WRONG_PASSWORD', meaning: 'the password is wrong' },
  3221225580: { name: 'STATUS_PASSWORD_RESTRICTION', meaning: 'the policy does not allow the new password' },
  3221225581: { name: 'STATUS_LOGON_FAILURE', meaning: 'the name or the password is wrong' },
  3221225582: {
    name: 'STATUS_ACCOUNT_RESTRICTION',
    meaning: 'a restriction of the account forbids it, such as an empty password or a protected user',
  },
  3221225583: { name: 'STATUS_INVALID_LOGON_HOURS', meaning: 'the account may not log in at this hour' },
  3221225584: { name: 'STATUS_INVALID_WORKSTATION', meaning: 'the account may not log in on this machine' },
  3221225585: { name: 'STATUS_PASSWORD_EXPIRED', meaning: 'the password has expired' },
  3221225586: { name: 'STATUS_ACCOUNT_DISABLED', meaning: 'the account is disabled' },
  3221225659: { name: 'STATUS_NOT_SUPPORTED', meaning: 'the request is not supported' },
  3221225779: {
    name: 'STATUS_TIME_DIFFERENCE_AT_DC',
    meaning: "the clock and the domain controller's differ by too much",
  },
  3221225867: {
    name: 'STATUS_NO_TRUST_SAM_ACCOUNT',
    meaning: 'the domain has no account for this machine, or its trust is gone',
  },
  3221225868: {
    name: 'STATUS_TRUSTED_DOMAIN_FAILURE',
    meaning: 'the trust between the two domains does not work',
  },
  3221225869: {
    name: 'STATUS_TRUSTED_RELATIONSHIP_FAILURE',
    meaning: "the trust between this machine and its domain is broken: its password is not the domain's",
  },
  3221225875: { name: 'STATUS_ACCOUNT_EXPIRED', meaning: 'the account has expired' },
  3221226020: { name: 'STATUS_PASSWORD_MUST_CHANGE', meaning: 'the password must be changed first' },
  3221226036: { name: 'STATUS_ACCOUNT_LOCKED_OUT', meaning: 'too many wrong passwords locked the account' },
  3221226234: {
    name: 'STATUS_SMARTCARD_LOGON_REQUIRED',
    meaning: 'the account may log in with a smart card only',
  },
  3221226515: {
    name: 'STATUS_AUTHENTICATION_FIREWALL_FAILED',
    meaning: 'selective authentication of the trust does not let the account in',
  },
};

/** Every status by its number. */
export function windowsStatuses(): readonly (readonly [number, WindowsStatus])[] {
  return Object.entries(STATUSES).map(([number, status]) => [Number(number), status]);
}

/** `STATUS_ACCOUNT_DISABLED (0xc0000072): the account is disabled`. */
export function statusText(number: number): string {
  const hex = `0x${number.toString(16).padStart(8, '0')}`;
  const status = STATUSES[number];
  return status === undefined ? hex : `${status.name} (${hex}): ${status.meaning}`;
}
