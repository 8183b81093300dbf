import type { OtherError } from './other-error.ts';

const SAID_BY = 'a GSS-API library, of whatever mechanism: its major status';

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

const MINOR = 'read on in the message: the minor status, or "Mechanism level", says what it was';

/** The major statuses that end a call. */
export const GSS_ERRORS: readonly OtherError[] = [
  major(1, 'BAD_MECH', 'An unsupported mechanism was requested', {
    pattern: /unsupported mechanism/i,
    causes: [
      'one side knows Kerberos and the other does not, or only NTLM',
      'a token of SPNEGO came to a service that takes those of Kerberos alone, or the other way round',
      'the library of the mechanism is not installed, or not named in /etc/gss/mech',
    ],
    hint: 'krb5kit inspect shows which mechanism a token is of',
  }),
  major(2, 'BAD_NAME', 'An invalid name was supplied', {
    pattern: /invalid name (?:was )?(?:supplied|provided)|hostname cannot be canonicalized/i,
    causes: ['the host of the service has no address in DNS', 'the name is not written as service@host'],
    hint: 'write the name of a service as service@host, and look the host up in DNS',
  }),
  major(3, 'BAD_NAMETYPE', 'A supplied name was of an unsupported type', {
    causes: ['the program names its peer in a way that the mechanism does not have'],
    hint: 'use a host-based service name: service@host',
  }),
  major(4, 'BAD_BINDINGS', 'Incorrect channel bindings were supplied', {
    pattern: /(?:incorrect )?channel bindings?(?: were supplied| mismatch)/i,
    causes: [
      'something between the two ends TLS: a proxy or a load balancer with another certificate',
      'one side does not know channel bindings, and the other insists (Extended Protection)',
    ],
    hint: 'let TLS end where the ticket is looked at, or switch the insistence off there',
  }),
  major(5, 'BAD_STATUS', 'An invalid status code was supplied', {
    causes: ['a fault of the program'],
    hint: MINOR,
  }),
  major(6, 'BAD_MIC', 'A token had an invalid Message Integrity Check (MIC)', {
    pattern: /invalid (?:message integrity check|MIC|signature)/i,
    causes: [
      'a message was changed on its way, or belongs to another context',
      'the two sides do not agree about the key: a proxy mixes connections',
    ],
    hint: 'see whether a proxy shares one connection among several users',
  }),
  major(7, 'NO_CRED', 'No credentials were supplied, or the credentials were unavailable or inaccessible', {
    pattern: /no credentials were supplied|no valid credentials provided|credentials were unavailable/i,
    causes: [
      'there is no ticket: kinit was not run, or KRB5CCNAME is another in this process',
      'a service has no keytab that it may read, or none with its principal: see KRB5_KTNAME',
    ],
    hint: 'klist shows what there is as the user that the program runs as; for a service klist -k',
  }),
  major(8, 'NO_CONTEXT', 'No context has been established', {
    pattern: /no context has been established/i,
    causes: [
      'the negotiation ended before it was complete',
      'the context was deleted, or is of another process',
    ],
    hint: 'look for the error before this one',
  }),
  major(9, 'DEFECTIVE_TOKEN', 'A token was invalid', {
    pattern:
      /(?:^|[^\w])(?:a token was invalid|(?:invalid|defective) token(?: was)?(?: supplied| detected)?)/i,
    causes: [
      'the token is one of NTLM: the client had no ticket and fell back',
      'the token was cut short: a proxy or server limits the length of headers',
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
    causes: ['the ticket has run out and was not renewed'],
    hint: 'get a new ticket with kinit; krb5kit run keeps it fresh for a long job',
  }),
  major(12, 'CONTEXT_EXPIRED', 'The context has expired', {
    pattern: /context has expired/i,
    causes: ['the connection lived longer than the ticket that opened it'],
    hint: 'connect again, with a fresh ticket',
  }),
  major(13, 'FAILURE', 'Unspecified GSS failure.  Minor code may provide more information', {
    pattern: /unspecified GSS failure|miscellaneous failure/i,
    causes: ['whatever the mechanism found: this status itself says nothing'],
    hint: MINOR,
  }),
  major(14, 'BAD_QOP', 'The quality-of-protection requested could not be provided', {
    causes: ['the program asks for a protection that the mechanism does not have'],
    hint: 'use the default quality of protection, 0',
  }),
  major(15, 'UNAUTHORIZED', 'The operation is forbidden by the local security policy', {
    causes: ['the library is configured not to'],
    hint: "see the library's configuration",
  }),
  major(16, 'UNAVAILABLE', 'The operation or option is not available or unsupported', {
    causes: ['the mechanism or this version of the library cannot do it'],
    hint: 'use another mechanism, or a newer library',
  }),
  major(17, 'DUPLICATE_ELEMENT', 'The requested credential element already exists', {
    causes: ['the cache has it already'],
    hint: 'use the credentials that are there, or overwrite them',
  }),
  major(18, 'NAME_NOT_MN', 'The provided name was not mechanism specific (MN)', {
    causes: ['a fault of the program, which did not canonicalize a name first'],
    hint: 'have the program canonicalize the name',
  }),
];
