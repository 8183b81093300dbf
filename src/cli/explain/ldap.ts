import type { OtherError } from './other-error.ts';

/** After `data` in `AcceptSecurityContext error, data 52e`: an error of Windows, what it says, and what to try. */
const ROWS: readonly (readonly [string, string, string, string])[] = [
  ['525', 'There is no such user', 'the name or its form is wrong', 'bind as user@domain or by the full DN'],
  ['52e', 'The name or the password is wrong', 'the password is wrong or was changed', 'try it with kinit'],
  [
    '52f',
    'The account is restricted',
    'a policy forbids this logon, such as Protected Users',
    'use Kerberos',
  ],
  ['530', 'The user may not log on at this time', 'the account has logon hours', 'ask the administrator'],
  ['531', 'The user may not log on from here', 'the account has workstations', 'ask the administrator'],
  ['532', 'The password has expired', 'it is older than the domain allows', 'kpasswd'],
  ['533', 'The account is disabled', 'somebody has disabled it', 'ask the administrator'],
  ['57', 'The parameter is incorrect', 'the name or the binding is malformed', 'bind as user@domain'],
  ['701', 'The account has expired', 'its end was set', 'ask the administrator'],
  ['773', 'The password must be changed first', 'it was set by an administrator', 'kpasswd'],
  ['775', 'The account is locked', 'too many wrong passwords were tried', 'have it unlocked, or wait'],
];

/** What Active Directory says where a bind over LDAP fails. */
export const LDAP_ERRORS: readonly OtherError[] = ROWS.map(([data, sentence, cause, hint]) => ({
  name: `AcceptSecurityContext error, data ${data}`,
  pattern: new RegExp(`acceptsecuritycontext error, data ${data}\\b`, 'i'),
  sentence,
  saidBy: 'Active Directory, over LDAP',
  causes: [cause],
  hint,
}));
