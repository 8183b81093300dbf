import type { OtherError } from './other-error.ts';

const LIBRARY = 'the Heimdal library, not a KDC';

/** Messages of Heimdal's programs and library that MIT's do not have. */
export const HEIMDAL_ERRORS: readonly OtherError[] = [
  {
    name: 'No ticket file',
    pattern: /get-principal lstat\(|no ticket file: /i,
    sentence: 'There is no file with tickets',
    saidBy: LIBRARY,
    causes: [
      'nobody has run kinit yet, or the tickets were destroyed at logout',
      'KRB5CCNAME is different in this process: sudo, cron, a service or a container',
    ],
    hint: 'get a ticket with kinit first',
  },
  {
    name: 'Refuses to open symlinks for caches',
    pattern: /refuses to open (?:symlinks|group\/other readable files|hardlinks|files for caches)/i,
    sentence: 'The file of the cache could be read or replaced by others, so Heimdal does not use it',
    saidBy: LIBRARY,
    causes: [
      'the file is a link or a directory, has a second name, or belongs to another user',
      'other users may read it: its mode is not 600',
    ],
    hint: 'chmod 600 the file, or name the file that the link leads to',
  },
  {
    name: 'unknown ccache type',
    pattern: /unknown ccache type/i,
    sentence: 'This Heimdal does not have the type of the cache that KRB5CCNAME or krb5.conf names',
    saidBy: LIBRARY,
    causes: [
      'the cache belongs to programs of MIT Kerberos, such as KEYRING: on many systems',
      'the type is misspelt, or in lower case',
    ],
    hint: 'use a type that both have: FILE:, DIR: or KCM:; krb5kit cache copy copies the tickets',
  },
  {
    name: 'unable to find realm of host',
    sentence: 'No realm is configured, and none is known for this host',
    saidBy: LIBRARY,
    causes: [
      'krb5.conf has no default_realm in [libdefaults], or is not read: see KRB5_CONFIG',
      'the name was given without a realm',
    ],
    hint: 'write the realm after the name, or set default_realm in [libdefaults]',
  },
  {
    name: 'part after realm in principal name',
    sentence: 'The name of the principal has two @',
    saidBy: LIBRARY,
    causes: ['a name with an @, such as that of a mailbox, was given with a realm'],
    hint: 'write a backslash before the first @, or use kinit --enterprise',
  },
  {
    name: 'Failed to init cert certs',
    sentence: 'The certificate or its private key for the login cannot be read',
    saidBy: LIBRARY,
    causes: ['the file does not exist, or the user may not read it', 'it is not in PEM, or has another type'],
    hint: 'check the names after FILE: and their comma; kinit -C FILE:cert.pem,key.pem takes both',
  },
];
