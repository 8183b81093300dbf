import type { ErrorCode } from '../../errors.ts';
import { usualHint } from './hints.ts';
import type { OtherError } from './other-error.ts';

const SAID_BY = 'krb5kit itself, as a code of --json or of its library';

/** What the codes mean that are no error of MIT's library: sentence, usual cause, what to try if no hint says so. */
const ROWS: readonly (readonly [ErrorCode, sentence: string, cause?: string | undefined, hint?: string])[] = [
  [
    'CODEC',
    'The bytes do not follow their format',
    'a file or a message is truncated or damaged, or is another one than expected',
    'krb5kit inspect shows what the bytes are',
  ],
  [
    'INTEGRITY',
    'Something could not be decrypted, or its checksum is wrong',
    'the key is not the one that it was encrypted with',
    'for a keytab: ktutil verify; for a password: type it again',
  ],
  [
    'KEY_LENGTH',
    'A key has the wrong length for its encryption type',
    'the key was copied incompletely',
    'copy the key again, or create a new one',
  ],
  [
    'S2K_PARAMS',
    'The parameters for deriving a key from a password are wrong or out of bounds',
    'the KDC asks for an unreasonable number of iterations',
    "ask the realm's administrator",
  ],
  ['INPUT_TOO_LONG', 'A file, or what is read from a pipe, is too long', 'it is the wrong file'],
  ['CONFIG_VALUE', 'A setting has an invalid value', 'a typing error', 'krb5kit doctor shows where'],
  [
    'CONFIG_NO_DEFAULT_REALM',
    'No default realm is configured, and the name has no realm',
    'krb5.conf has no default_realm',
    'write the realm after the name, or set default_realm in [libdefaults]',
  ],
  [
    'CONFIG_UNREADABLE',
    'A configuration file, or a directory that it includes, cannot be read',
    'a directory after includedir does not exist',
    'krb5kit doctor shows which one',
  ],
  ['KEYTAB_NOT_FOUND', 'The keytab does not exist', 'the path is wrong, or relative to another directory'],
  ['KEYTAB_FORMAT', 'The file is not a keytab', 'it was truncated, or is still encoded in base64'],
  ['KEYTAB_TYPE_UNKNOWN', 'The type of the keytab is unknown', 'there is a colon in the path'],
  ['KEYTAB_IO', 'The keytab cannot be read or written', 'it belongs to root or to the service'],
  ['CACHE_VERSION', 'The version of the cache is unknown', 'the file is not a credential cache'],
  ['CACHE_NAME', 'The name of the cache is invalid for its type', 'the type does not have such names'],
  ['CACHE_BUSY', 'Another process locks the cache', 'that process hangs, or is stopped'],
  [
    'KEYCHAIN_UNAVAILABLE',
    'No keychain can be used',
    'there is no D-Bus session, as in a container, with cron, or with ssh to a server',
    'set KRB5KIT_KEYCHAIN=passphrase to seal the tickets with a passphrase, or use a cache of type FILE',
  ],
  ['KEYCHAIN_LOCKED', 'The keychain is locked', 'the session was not started with the password of the user'],
  ['KEYCHAIN_TIMEOUT', 'The keychain did not answer in time', 'a dialog waits for an answer'],
  ['KEYCHAIN_KEY_LOST', 'The key of the sealed tickets is gone', 'the keychain was reset or replaced'],
  ['KEYCHAIN_PASSPHRASE', 'The passphrase is wrong, or nobody could be asked for it', 'there is no terminal'],
  ['ERROR_UNKNOWN', 'krb5kit explain does not know the error', undefined, 'look for it in the documentation'],
  [
    'PROGRAM_NOT_STARTED',
    'The program to be run could not be started',
    'it is not on the PATH, or not executable',
    'check the name of the program: the shell finds it with command -v',
  ],
  [
    'AGENT_LISTEN',
    'krb5kit agent cannot start, or does not run',
    'another agent is running, or the directory of the socket does not exist',
    'krb5kit agent --status shows whether one is running',
  ],
  ['ABORTED', 'The operation was interrupted', 'a signal, a timeout, or the program itself', 'try again'],
  [
    'KDC_LISTEN',
    'krb5kit kdc cannot start, or does not run',
    'another KDC uses the port, or ports below 1024 are not allowed',
    'use another port, or 0 for any; krb5kit kdc status shows those that run in the background',
  ],
  ['DATABASE_NOT_FOUND', 'The database of the KDC does not exist', undefined, 'create it: krb5kit kdc init'],
  ['DATABASE_EXISTS', 'The database of the KDC exists already', undefined, 'use it, or choose another path'],
  [
    'DATABASE_FORMAT',
    'The file is no database of the KDC, or has damaged records',
    'it was not written by krb5kit kdc',
    'restore it from a dump',
  ],
  [
    'DATABASE_IO',
    'The database, its master key or a dump cannot be read or written',
    'its owner or its permissions are wrong, or the disk is full',
    'check its permissions and the disk',
  ],
  [
    'DATABASE_KEY',
    'The master key is missing, or is not that of the database',
    'the database was copied without its key',
    'copy the key with the database',
  ],
  ['DUMP_FORMAT', 'The dump of another KDC cannot be read', 'it is truncated', 'create a new dump'],
  [
    'PRINCIPAL_UNKNOWN',
    'The database has no such principal',
    'the name is misspelt',
    'krb5kit kdc list shows them',
  ],
  ['PRINCIPAL_EXISTS', 'The database already has this principal', undefined, 'choose another name'],
  [
    'KDC_ERROR',
    'The KDC has returned an error',
    'any: its number and name are in krbError',
    'run krb5kit explain with that name',
  ],
  [
    'PASSWORD_INCORRECT',
    'The password is wrong, or the key in the keytab is',
    'a typing error, or the password was changed',
    'type the password again; for a keytab, compare klist -ke with kvno',
  ],
  [
    'PAC_MISMATCH',
    'The PAC belongs to another ticket',
    'the ticket was changed',
    'get new tickets with kinit',
  ],
  ['PASSWORD_NOT_CHANGED', 'The new password was not accepted', 'the policy of the realm'],
  ['PASSWORD_MISMATCH', 'The new password was not typed the same way twice'],
  ['PASSWORD_INTERRUPTED', 'The user ended the password prompt', 'Ctrl-C or Ctrl-D', 'try again'],
  [
    'PKINIT_IDENTITY',
    'The certificate, its key or an anchor cannot be used',
    'a path or passphrase is wrong',
    'check the files in -X X509_user_identity= and X509_anchors= (or pkinit_identities and pkinit_anchors), and the passphrase of the key',
  ],
  [
    'KDC_NOT_TRUSTED',
    'The KDC has not proved that it is one of the realm',
    'the CA of its certificate is not among the anchors, or the certificate lacks the name or the key usage of a KDC; in a program that verifies it by a keytab, the keytab is old',
  ],
  ['FAST_REQUIRED', 'The KDC answered without FAST, which was required', 'it does not support FAST'],
  ['NO_TGT', 'The ticket-granting ticket cannot be used yet', 'it is postdated, or a clock is wrong'],
  ['TICKET_EXPIRED', 'The ticket-granting ticket has expired', 'it was not renewed'],
  ['S4U_IGNORED', 'The KDC issued a ticket in the name of the service instead of the user'],
  [
    'AP_REFUSED',
    'This service has refused the ticket of a client',
    'any: the message gives the reason',
    'run krb5kit explain with the rest of the message',
  ],
  [
    'SERVER_REFUSED',
    'The service has refused the ticket',
    'its keytab is old or lacks the principal, or the clocks differ',
    'look at the log of the service; krb5kit doctor compares the keys if its keytab is on this host',
  ],
  [
    'SENDAUTH',
    'The connection to a service or a client cannot be made, or broke off',
    'nothing listens on the port, or another service does',
    'check the host and the port',
  ],
  [
    'GSS',
    'A GSS-API call has failed',
    'any: the message gives the reason',
    'run krb5kit explain with the message',
  ],
  [
    'HTTP',
    'An HTTP exchange failed for another reason than the ticket, or a file for it cannot be used',
    'the server cannot be reached, or TLS failed',
    'try it with curl -v',
  ],
];

/** The codes of krb5kit's own errors that are not those of MIT's library in other words. */
export const OWN_ERRORS: readonly OtherError[] = [
  ...ROWS.map(([code, sentence, cause, hint = usualHint({ code })]) => ({
    name: code,
    sentence,
    saidBy: SAID_BY,
    causes: cause === undefined ? [] : [cause],
    ...(hint !== undefined && { hint }),
  })),
];
