/** The usual causes of the errors of RFC 4120 §7.5.9 that have more than one, the most frequent first. */
export const CAUSES: Readonly<Record<number, readonly string[]>> = {
  6: [
    'the name or the realm is misspelt, or in the wrong case: outside Active Directory, both are case-sensitive',
    'the account is not in the default realm',
    'the account has not been replicated to this KDC yet',
  ],
  7: [
    'the service has no principal (in Active Directory: no SPN), or two accounts have the same one',
    'an alias, a short name or an address was used instead of the full host name in the principal',
    'DNS changes the host name: see dns_canonicalize_hostname and rdns in [libdefaults]',
    'the realm of the host in [domain_realm] is wrong, or the two realms do not trust each other',
  ],
  12: [
    'the account may not log in at this hour, from this machine, or without a smart card',
    'the policy of the realm does not allow this lifetime or kind of ticket',
    'the service requires an authentication indicator: a login with a certificate or a one-time password',
  ],
  13: [
    'the ticket cannot be renewed: it is not renewable, or its renewable life is over',
    'a forwardable or proxiable ticket was requested, which is not allowed for the account',
    'constrained delegation is not configured for the service',
  ],
  14: [
    'the account only has keys of old enctypes, because its password has not been changed for years',
    'permitted_enctypes or default_tkt_enctypes does not include the enctypes that the KDC has',
    'RC4 or DES has been disabled on one side only',
  ],
  18: ['too many wrong passwords locked the account', 'the account is disabled or has expired'],
  23: [
    'the password is older than the policy allows',
    'the administrator requires a change at the next login',
  ],
  24: [
    'the password is wrong',
    'the keytab has an old key: the password was changed after the keytab was created',
    'the key was derived with another salt: the account has been renamed, or ktutil used the default salt',
    'the clocks differ; some KDCs report it like this',
  ],
  25: [
    'nothing is wrong: this is the first reply to every request for an account that requires pre-authentication',
    'if it is the last reply, the two sides have no pre-authentication mechanism in common',
  ],
  31: [
    'the password is wrong',
    'the keys of the service and of the KDC differ: its keytab is old, or another host has its name',
    'the ticket in the cache is older than the last change of the key',
  ],
  32: ['the ticket has expired and was not renewed', 'a clock is wrong'],
  33: ['the clock of one side is behind', 'the ticket is postdated'],
  34: [
    'the same request arrived twice, which can happen with UDP',
    'two requests had the same time: several processes share one cache',
    'an attacker replays a recorded request',
  ],
  35: ['the ticket was presented to another service or realm than the one it is for'],
  36: [
    'the ticket and the authenticator name different clients',
    'the cache contains tickets of two principals',
  ],
  37: [
    'the clock of this host, of the KDC or of the service is off by more than five minutes',
    'a virtual machine has been suspended',
  ],
  38: ['the ticket is restricted to addresses, and NAT or a VPN changed them'],
  41: [
    'the SPN belongs to another account than the one that the service runs under',
    'the key of the service is not the one in its keytab',
    'the host name leads to another machine with the same service: DNS, or a load balancer',
    'the password is wrong, and pre-authentication is off',
    'the reply was changed on the network, or does not belong to the request',
  ],
  44: [
    'the keytab is older than the last change of the key',
    'the ticket is older than the last change of the key',
  ],
  45: [
    'the keytab does not contain the principal of the service, or the enctype of the ticket',
    'the service uses another keytab than expected: see KRB5_KTNAME',
  ],
  52: [
    'the ticket is too large for UDP, for example because of many groups; TCP is tried next, and may be blocked',
  ],
  60: [
    'a problem of the KDC, such as a database that cannot be reached',
    'a service account that is not allowed to do what it requested',
  ],
  62: [
    'the KDC does not trust the CA of your certificate',
    'the certificate has expired or is of the wrong kind',
  ],
  68: ['the account has moved, or the login name is an alias that belongs to another realm'],
};

/** Who sends an error of RFC 4120 §7.5.9. */
export function senderOf(number: number): string {
  if (number === 0) return 'nobody: this is not an error';
  if (number === 60 || number === 61) return 'the KDC, or a service that received a ticket';
  const byService = number >= 31 && number <= 51;
  return byService ? 'a service or a KDC that received a ticket' : 'the KDC';
}
