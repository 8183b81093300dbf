import type { OtherError } from './other-error.ts';

const SERVICE = "the service's library, of MIT's: the client sees less of it";

/** Why a service cannot open a ticket, in MIT's words with names in them. */
export const SERVICE_ERRORS: readonly OtherError[] = [
  {
    name: 'Request ticket server not found in keytab; keytab is likely out of date',
    pattern: /kvno \d+ not found in keytab; keytab is likely out of date/i,
    sentence: 'The ticket is sealed by a newer key than the keytab has',
    saidBy: SERVICE,
    causes: ['the key was changed after the keytab was written: by ktadd, ktpass or a new password'],
    hint: 'have the keytab written anew; ktutil verify compares it with the KDC',
  },
  {
    name: 'Request ticket server not found in keytab; ticket is likely out of date',
    pattern: /kvno \d+ not found in keytab; ticket is likely out of date/i,
    sentence: 'The ticket is sealed by an older key than the keytab has',
    saidBy: SERVICE,
    causes: ['the client got the ticket before the key was changed', 'a KDC has not got the new key yet'],
    hint: 'have the client get new tickets: kdestroy, and then kinit',
  },
  {
    name: 'Request ticket server found in keytab but not with its enctype',
    pattern: /request ticket server .* found in keytab but not with enctype/i,
    sentence: 'The keytab has the key, but none of the encryption type of the ticket',
    saidBy: SERVICE,
    causes: ['the keytab was written with fewer enctypes than the KDC has, such as RC4 alone'],
    hint: 'have the keytab written anew with all enctypes; klist -ke lists those it has',
  },
  {
    name: 'Cannot decrypt ticket',
    pattern: /cannot decrypt ticket|found in keytab but cannot decrypt ticket/i,
    sentence: 'The keytab has a key of the right version and type, but it is another one',
    saidBy: SERVICE,
    causes: [
      'the keytab was made from another password, salt or account than the KDC has',
      'the SPN has moved to another account',
    ],
    hint: 'have the keytab written anew; ktutil verify compares it with the KDC',
  },
  {
    name: 'Request ticket server does not match server principal',
    pattern:
      /request ticket server .* does not match server principal|server principal .* does not match request ticket server/i,
    sentence: 'The ticket is for another name than the service was told that it has',
    saidBy: SERVICE,
    causes: ['the client uses an alias or another host name', 'the service is set up with a fixed principal'],
    hint: 'let the service take any key of its keytab, or have clients use its name',
  },
  {
    name: 'Request ticket server not found in keytab',
    pattern:
      /request ticket server .* not found in keytab|server principal .* does not match any keys in keytab/i,
    sentence: 'The keytab has no key of the name that the ticket is for',
    saidBy: SERVICE,
    causes: ['the client uses another host name or service', 'the keytab is that of another service'],
    hint: 'compare klist -k with the name in the message, letter by letter',
  },
  {
    name: 'Password change rejected',
    pattern: /password change rejected|password is (?:too short|in the password dictionary)/i,
    sentence: 'The realm does not take the new password',
    saidBy: 'the password server',
    causes: [
      'the password is too short, too simple, or was used before',
      'the last change was too short a time ago',
    ],
    hint: 'choose a longer one of several kinds of characters; ask for the policy of the realm',
  },
];
