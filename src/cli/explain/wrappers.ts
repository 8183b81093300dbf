import type { OtherError } from './other-error.ts';

/** Messages that only say that something has failed: the error that led to it is said elsewhere. */
export const WRAPPERS: readonly OtherError[] = [
  {
    name: 'GSS initiate failed',
    sentence: 'A client in Java could not create a token for the service',
    saidBy: "Java's SASL mechanism GSSAPI, as in Hadoop and Kafka",
    causes: ['any: the exception behind "Caused by" gives the reason'],
    hint: 'explain the GSSException in the same stack trace; kvno SERVICE/HOST requests the same ticket',
  },
  {
    name: 'Local error (-2)',
    pattern: /ldap_sasl_interactive_bind\w*: local error/i,
    sentence: 'An LDAP client could not create a token for the server',
    saidBy: "OpenLDAP's client library",
    causes: [
      'there is no ticket: kinit was not run',
      'the KDC does not know ldap/HOST: the URL has an alias or an address',
    ],
    hint: 'explain the line "additional info" below it; kvno ldap/HOST requests the same ticket',
  },
  {
    name: 'GSSAPI authentication failed for user',
    sentence: 'The PostgreSQL server does not accept the principal as this user',
    saidBy: 'PostgreSQL, to the client',
    causes: [
      'the name of the user is not that of the principal: see include_realm and map in pg_hba.conf',
      'the keytab of the server, krb_server_keyfile, does not fit',
    ],
    hint: 'look at the log of the server, which gives the reason',
  },
  {
    name: 'Cannot generate SSPI context',
    sentence: 'A client of SQL Server could not create a token for it',
    saidBy: 'clients of SQL Server on Windows',
    causes: [
      'the SPN MSSQLSvc/HOST:PORT does not exist, or belongs to another account',
      'the password of the user has expired, or no domain controller answers',
    ],
    hint: 'setspn -Q MSSQLSvc/HOST:PORT shows which account has the SPN',
  },
];
