import type { OtherError } from './other-error.ts';

/** After `data` in `AcceptSecurityContext error, data 52e`: an error of Windows, what it says, and what to try. */
const ROWS: readonly (readonly [data: string, sentence: string, cause: string, hint: string])[] = [
  ['525', 'There is no such user', 'the name or its form is wrong', 'bind as user@domain or by the full DN'],
  ['52e', 'The name or the password is wrong', 'the password is wrong or was changed', 'test it with kinit'],
  [
    '52f',
    'The account is restricted',
    'a policy forbids this logon, such as Protected Users',
    'use Kerberos',
  ],
  [
    '530',
    'The user may not log on at this time',
    'the logon hours of the account are restricted',
    'ask the administrator',
  ],
  [
    '531',
    'The user may not log on from here',
    'the account is restricted to certain workstations',
    'ask the administrator',
  ],
  ['532', 'The password has expired', 'it is older than the domain allows', 'kpasswd'],
  ['533', 'The account is disabled', 'an administrator has disabled it', 'ask the administrator'],
  [
    '57',
    'The parameter is incorrect',
    'the name or the binding is malformed, or the server requires channel bindings that the client does not send',
    'bind as user@domain, and over LDAPS with a client that sends channel bindings',
  ],
  ['701', 'The account has expired', 'it had an expiration date', 'ask the administrator'],
  ['773', 'The password must be changed first', 'it was set by an administrator', 'kpasswd'],
  ['775', 'The account is locked', 'too many wrong passwords were tried', 'have it unlocked, or wait'],
  [
    '80090346',
    'The channel bindings are wrong or missing (SEC_E_BAD_BINDINGS)',
    'the domain controller requires channel bindings over LDAPS, and the client sends none; the password may well be right',
    'use a client that sends channel bindings (tls-server-end-point), or ldap with SASL signing and sealing',
  ],
];

/** What Active Directory says where a bind over LDAP fails. */
export const LDAP_ERRORS: readonly OtherError[] = ROWS.map(([data, sentence, cause, hint]) => ({
  name: `AcceptSecurityContext error, data ${data}`,
  // A log often keeps only the end of the message.
  pattern: new RegExp(
    `(?:acceptsecuritycontext error, |LdapErr.*)data ${data}\\b|^\\W*data ${data}\\W*$`,
    'i',
  ),
  sentence,
  saidBy: 'Active Directory, over LDAP',
  causes: [cause],
  hint,
}));
