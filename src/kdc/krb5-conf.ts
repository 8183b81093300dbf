/** Where a realm's KDC is. */
export interface RealmLocation {
  readonly realm: string;
  readonly host: string;
  readonly port: number;
}

/** A krb5.conf by which clients find one realm's KDC on this machine, and ask nobody else. */
export function formatKrb5Conf({ realm, host, port }: RealmLocation): string {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return `[libdefaults]
\tdefault_realm = ${realm}
\tdns_lookup_kdc = false
\tdns_lookup_realm = false
\tdns_canonicalize_hostname = false
\trdns = false
\tqualify_shortname = ""

[realms]
\t${realm} = {
\t\tkdc = ${address}
\t}

[domain_realm]
\tlocalhost = ${realm}
\t.localhost = ${realm}
`;
}
