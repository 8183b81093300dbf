import type { OtherError } from './other-error.ts';

const SERVICE = 'the MIT Kerberos library of the service; the client gets a less detailed error';

/** Why a service cannot open a ticket, in MIT's words with names in them. */
export const SERVICE_ERRORS: readonly OtherError[] = [
  {
    name: 'Request ticket server not found in keytab; keytab is likely out of date',
    pattern: /kvno \d+ not found in keytab; keytab is likely out of date/i,
    sentence: 'The ticket is encrypted with a newer key than the one in the keytab',
    saidBy: SERVICE,
    causes: ['the key was changed after the keytab was created: with ktadd, ktpass or a new password'],
    hint: 'create a new keytab; ktutil verify compares it with the KDC',
  },
  {
    name: 'Request ticket server not found in keytab; ticket is likely out of date',
    pattern: /kvno \d+ not found in keytab; ticket is likely out of date/i,
    sentence: 'The ticket is encrypted with an older key than the one in the keytab',
    saidBy: SERVICE,
    causes: [
      'the client got the ticket before the key was changed',
      'the new key has not been replicated to a KDC yet',
    ],
    hint: 'get new tickets on the client: kdestroy, then kinit',
  },
  {
    name: 'Request ticket server found in keytab but not with its enctype',
    pattern: /request ticket server .* found in keytab but not with enctype/i,
    sentence: 'The keytab has no key with the encryption type of the ticket',
    saidBy: SERVICE,
    causes: ['the keytab was created with fewer enctypes than the KDC has, for example only RC4'],
    hint: 'create a new keytab with all enctypes; klist -ke lists those in the keytab',
  },
  {
    name: 'Cannot decrypt ticket',
    pattern: /cannot decrypt ticket|found in keytab but cannot decrypt ticket/i,
    sentence: 'The keytab has a key of the right version and type, but it differs from that of the KDC',
    saidBy: SERVICE,
    causes: [
      'the keytab was created with another password, salt or account',
      'the SPN has moved to another account',
    ],
    hint: 'create a new keytab; ktutil verify compares it with the KDC',
  },
  {
    name: 'No key of the keytab opens the ticket',
    sentence: 'The KDC has encrypted the ticket with a key that is not in the keytab',
    saidBy: 'kvno -k of krb5kit; a service with this keytab would refuse the ticket',
    causes: [
      'the key was changed after the keytab was created',
      'the keytab was created with another password, salt or account',
      'the ticket in the cache is older than the keytab',
    ],
    hint: 'get new tickets with kinit and try again; then create a new keytab: ktutil verify compares it with the KDC',
  },
  {
    name: 'Request ticket server does not match server principal',
    pattern:
      /request ticket server .* does not match server principal|server principal .* does not match request ticket server/i,
    sentence: 'The ticket is for another name than the one the service is configured with',
    saidBy: SERVICE,
    causes: [
      'the client uses an alias or another host name',
      'the service is configured with a fixed principal',
    ],
    hint: 'let the service accept any key in its keytab, or use the right name in the clients',
  },
  {
    name: 'Request ticket server not found in keytab',
    pattern:
      /request ticket server .* not found in keytab|server principal .* does not match any keys in keytab/i,
    sentence: 'The keytab has no key for the principal of the ticket',
    saidBy: SERVICE,
    causes: ['the client uses another host name or service', 'the keytab is that of another service'],
    hint: 'compare the output of klist -k with the name in the message',
  },
  {
    name: 'Password change rejected',
    pattern: /password change rejected|password is (?:too short|in the password dictionary)/i,
    sentence: 'The realm does not accept the new password',
    saidBy: 'the password server',
    causes: ['the password is too short, too simple, or was used before', 'the last change was too recent'],
    hint: 'choose a longer password with several classes of characters; ask for the policy of the realm',
  },
];
