/** The usual causes of the errors of RFC 4120 §7.5.9 that have more than one, the most frequent first. */
export const CAUSES: Readonly<Record<number, readonly string[]>> = {
  6: [
    'the name or the realm is misspelt, or in the wrong case: both are case-sensitive outside Active Directory',
    'the default realm is not the one that the account is in',
    'the account has not reached this KDC yet, which copies the database of another',
  ],
  7: [
    'the service has no principal (in Active Directory: no SPN), or two accounts have the same',
    'an alias, a short name or an address was used where the principal has the full host name',
    'DNS makes another name of the host: see dns_canonicalize_hostname and rdns in [libdefaults]',
    'the host belongs to another realm than [domain_realm] says',
  ],
  12: [
    'the account may not log in at this hour, from this machine, or without a smart card',
    'the lifetime or the kind of ticket is against the policy of the realm',
  ],
  13: [
    'the ticket cannot be renewed, as it is not renewable or its renewal period is over',
    'a forwardable or proxiable ticket was asked for, which the account may not have',
    'constrained delegation is not configured for the service',
  ],
  14: [
    'the account has keys of old enctypes alone, as its password was last set before there were others',
    'permitted_enctypes or default_tkt_enctypes leaves out what the KDC has',
    'RC4 or DES has been switched off on one side only',
  ],
  18: ['too many wrong passwords locked the account', 'the account is disabled or has expired'],
  23: [
    'the password is older than the policy allows',
    'the administrator wants it changed at the next log-in',
  ],
  24: [
    'the password is wrong',
    'the keytab has an old key: the password was changed after it was written',
    'the key was made with another salt: the account has been renamed, or ktutil guessed the salt',
    'the clocks differ, which some KDCs report like this',
  ],
  25: [
    'nothing is wrong: it is the first answer to every request for an account that needs pre-authentication',
    'if it is the last answer, no method of pre-authentication suits both sides',
  ],
  31: [
    'the password is wrong',
    'the service has another key than the KDC: its keytab is old, or another host has its name',
    'a cache holds a ticket from before the key was changed',
  ],
  32: ['the ticket has run out and was not renewed', 'a clock is wrong'],
  33: ['the clock of one side is behind', 'the ticket is postdated'],
  34: [
    'the same request came twice, as datagrams may',
    'two requests had the same microsecond: several processes share one cache',
    'somebody replays what was recorded',
  ],
  35: ['the ticket is for another service or realm than the one it was shown to'],
  36: [
    'the ticket and the authenticator name different clients',
    'the cache mixes tickets of two principals',
  ],
  37: [
    'the clock of this host, of the KDC or of the service is off by more than five minutes',
    'a virtual machine has slept',
  ],
  38: ['the ticket is bound to addresses, and NAT or a VPN changed them'],
  41: [
    'the password is wrong, where pre-authentication is off',
    'the key of the service is not the one in its keytab',
    'the answer was changed on its way, or does not belong to the request',
  ],
  44: [
    'the keytab is older than the last change of the key',
    'the ticket was got before the key was changed',
  ],
  45: [
    'the keytab lacks the principal of the service, or the enctype of the ticket',
    'the service reads another keytab than was thought: see KRB5_KTNAME',
  ],
  52: ['the ticket is too large for a datagram, as with many groups: TCP is tried next, and may be blocked'],
  60: [
    "the KDC's own trouble, such as a database that it cannot reach",
    'a service account without the right to do what it asked for',
  ],
  62: [
    'the KDC does not know the CA of your certificate',
    'the certificate has expired or is of the wrong kind',
  ],
  68: ['the account has moved, or logs in by an alias that belongs to another realm'],
};

/** Who sends an error of RFC 4120 §7.5.9. */
export function senderOf(number: number): string {
  if (number === 0) return 'nobody: it is no error';
  if (number === 60 || number === 61) return 'the KDC, or a service that was shown a ticket';
  const byService = number >= 31 && number <= 51;
  return byService ? 'a service that was shown a ticket, or the KDC that was shown one' : 'the KDC';
}
