import type { RealmPolicy } from './policy.ts';

/** Where a realm's KDC is. */
export interface RealmLocation {
  readonly realm: string;
  readonly host: string;
  readonly port: number;
  /** The port of the password server. */
  readonly passwordPort?: number | undefined;
  /** Further realms, of the same KDC unless `kdc` says where theirs is, as `host:port`. */
  readonly realms?: readonly { readonly realm: string; readonly kdc?: string | undefined }[] | undefined;
  /** The realms between two; see `RealmPolicy`. */
  readonly capaths?: RealmPolicy['capaths'];
}

/** A krb5.conf with which clients find one realm's KDC on this machine, and ask no other. */
export function formatKrb5Conf(location: RealmLocation): string {
  const { realm, host, port, passwordPort, realms = [], capaths = {} } = location;
  const at = (number: number): string => (host.includes(':') ? `[${host}]:${number}` : `${host}:${number}`);
  const address = at(port);
  const passwords = passwordPort === undefined ? [] : [`kpasswd_server = ${at(passwordPort)}`];
  return `[libdefaults]
\tdefault_realm = ${realm}
\tdns_lookup_kdc = false
\tdns_lookup_realm = false
\tdns_canonicalize_hostname = false
\trdns = false
\tqualify_shortname = ""

[realms]
${section(realm, [`kdc = ${address}`, ...passwords])}${realms
  .map(other =>
    section(
      other.realm,
      other.kdc === undefined ? [`kdc = ${address}`, ...passwords] : [`kdc = ${other.kdc}`],
    ),
  )
  .join('')}
[domain_realm]
\tlocalhost = ${realm}
\t.localhost = ${realm}
${formatCapaths(capaths)}`;
}

function section(name: string, lines: readonly string[]): string {
  return `\t${name} = {\n${lines.map(line => `\t\t${line}\n`).join('')}\t}\n`;
}

function formatCapaths(capaths: NonNullable<RealmPolicy['capaths']>): string {
  const sections = Object.entries(capaths).map(([client, paths]) => {
    const lines = Object.entries(paths).flatMap(([server, between]) =>
      (between.length > 0 ? between : ['.']).map(realm => `${server} = ${realm}`),
    );
    return section(client, lines);
  });
  return sections.length === 0 ? '' : `\n[capaths]\n${sections.join('')}`;
}
