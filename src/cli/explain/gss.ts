import type { OtherError } from './other-error.ts';

const SAID_BY = 'a GSS-API library, as a major status';

/** A routine error of RFC 2744 §3.9.1, whose number is in the upper half of the status. */
function major(
  number: number,
  name: string,
  sentence: string,
  { pattern, causes, hint }: { pattern?: RegExp; causes: readonly string[]; hint: string },
): OtherError {
  return {
    name: `GSS_S_${name}`,
    number: number << 16,
    sentence,
    saidBy: SAID_BY,
    causes,
    hint,
    ...(pattern && { pattern }),
  };
}

const MINOR = 'read the rest of the message: the minor status, or "Mechanism level", gives the reason';

/** The major statuses that end a call. */
export const GSS_ERRORS: readonly OtherError[] = [
  major(1, 'BAD_MECH', 'An unsupported mechanism was requested', {
    pattern: /unsupported mechanism/i,
    causes: [
      'one side supports Kerberos and the other does not, or supports only NTLM',
      'an SPNEGO token was sent to a service that accepts only Kerberos tokens, or the other way round',
      'the library of the mechanism is not installed, or is not in /etc/gss/mech',
    ],
    hint: 'krb5kit inspect shows the mechanism of a token',
  }),
  major(2, 'BAD_NAME', 'An invalid name was supplied', {
    pattern: /invalid name (?:was )?(?:supplied|provided)|hostname cannot be canonicalized/i,
    causes: ['the host of the service has no address in DNS', 'the name is not written as service@host'],
    hint: 'write the name of a service as service@host, and check the host in DNS',
  }),
  major(3, 'BAD_NAMETYPE', 'A supplied name was of an unsupported type', {
    causes: ['the program uses a type of name that the mechanism does not support'],
    hint: 'use a host-based service name: service@host',
  }),
  major(4, 'BAD_BINDINGS', 'Incorrect channel bindings were supplied', {
    pattern: /(?:incorrect )?channel bindings?(?: were supplied| mismatch)/i,
    causes: [
      'TLS is terminated in between, by a proxy or a load balancer with another certificate',
      'one side does not support channel bindings, and the other requires them (Extended Protection)',
    ],
    hint: 'terminate TLS in the server that verifies the ticket, or do not require channel bindings there',
  }),
  major(5, 'BAD_STATUS', 'An invalid status code was supplied', {
    causes: ['a bug in the program'],
    hint: MINOR,
  }),
  major(6, 'BAD_MIC', 'A token had an invalid Message Integrity Check (MIC)', {
    pattern: /invalid (?:message integrity check|MIC|signature)/i,
    causes: [
      'a message was changed on the network, or belongs to another context',
      'the two sides have different keys: a proxy mixes connections',
    ],
    hint: 'check whether a proxy shares one connection among several users',
  }),
  major(7, 'NO_CRED', 'No credentials were supplied, or the credentials were unavailable or inaccessible', {
    pattern: /no credentials were supplied|no valid credentials provided|credentials were unavailable/i,
    causes: [
      'there is no ticket: kinit was not run, or KRB5CCNAME is different in this process',
      'a service cannot read its keytab, or the keytab does not contain its principal: see KRB5_KTNAME',
    ],
    hint: 'run klist as the user of the program; for a service, klist -k',
  }),
  major(8, 'NO_CONTEXT', 'No context has been established', {
    pattern: /no context has been established/i,
    causes: [
      'the negotiation ended before it was complete',
      'the context was deleted, or belongs to another process',
    ],
    hint: 'look for the error before this one',
  }),
  major(9, 'DEFECTIVE_TOKEN', 'A token was invalid', {
    pattern:
      /(?:^|[^\w])(?:a token was invalid|(?:invalid|defective) token(?: was)?(?: supplied| detected)?)/i,
    causes: [
      'the token is an NTLM token: the client had no ticket and fell back to NTLM',
      'the token was truncated: a proxy or server limits the length of headers',
    ],
    hint: 'krb5kit inspect shows what the token is',
  }),
  major(10, 'DEFECTIVE_CREDENTIAL', 'A credential was invalid', {
    pattern: /(?:a credential was invalid|defective credential)/i,
    causes: ['the cache or the keytab is damaged'],
    hint: 'get a new ticket with kinit; klist -k shows whether the keytab can be read',
  }),
  major(11, 'CREDENTIALS_EXPIRED', 'The referenced credentials have expired', {
    pattern: /credentials have expired/i,
    causes: ['the ticket has expired and was not renewed'],
    hint: 'get a new ticket with kinit; krb5kit run renews it for a long job',
  }),
  major(12, 'CONTEXT_EXPIRED', 'The context has expired', {
    pattern: /context has expired/i,
    causes: ['the connection was open for longer than the lifetime of its ticket'],
    hint: 'connect again, with a new ticket',
  }),
  major(13, 'FAILURE', 'Unspecified GSS failure.  Minor code may provide more information', {
    pattern: /unspecified GSS failure|miscellaneous failure/i,
    causes: ['any error of the mechanism: this status itself says nothing'],
    hint: MINOR,
  }),
  major(14, 'BAD_QOP', 'The quality-of-protection requested could not be provided', {
    causes: ['the program requests a protection that the mechanism does not support'],
    hint: 'use the default quality of protection, 0',
  }),
  major(15, 'UNAUTHORIZED', 'The operation is forbidden by the local security policy', {
    causes: ['the configuration of the library does not allow it'],
    hint: "see the library's configuration",
  }),
  major(16, 'UNAVAILABLE', 'The operation or option is not available or unsupported', {
    causes: ['the mechanism or this version of the library does not support it'],
    hint: 'use another mechanism, or a newer library',
  }),
  major(17, 'DUPLICATE_ELEMENT', 'The requested credential element already exists', {
    causes: ['it is already in the cache'],
    hint: 'use the existing credentials, or overwrite them',
  }),
  major(18, 'NAME_NOT_MN', 'The provided name was not mechanism specific (MN)', {
    causes: ['a bug in the program, which did not canonicalize a name first'],
    hint: 'canonicalize the name in the program',
  }),
];
