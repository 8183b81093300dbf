import type { OtherError } from './other-error.ts';

const GO = 'gokrb5, a Kerberos library for programs written in Go';

/** Errors that programs written in Go report in the words of their library. */
export const GO_ERRORS: readonly OtherError[] = [
  {
    name: 'integrity verification failed',
    sentence: 'Something cannot be decrypted: the key is wrong',
    saidBy: GO,
    causes: [
      'the password is wrong, or the keytab is older than the key of the KDC',
      'the keytab has the right version but was made with another password, salt or account',
      'the SPN belongs to another account than the keytab',
    ],
    hint: 'kinit -k -t KEYTAB PRINCIPAL and kvno -k KEYTAB SERVICE test the same key; create a new keytab',
  },
  {
    name: 'matching key not found in keytab',
    sentence: 'The keytab has no key with this name, version and encryption type',
    saidBy: GO,
    causes: [
      'the version in the keytab differs: this library requires the same kvno that the KDC has',
      'the keytab has the principal under another spelling or realm, or lacks the encryption type',
    ],
    hint: 'compare klist -ke KEYTAB with the name, kvno and etype in the message; create a new keytab',
  },
];
