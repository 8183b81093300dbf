// What the other examples share: contexts with the tickets of the user's default cache, as krb5.conf says.
import { openContext, openKerberos } from 'krb5kit';

/** A context with a service of a host, such as `imap` of `mail.example.com`, which is yet to be established. */
export async function openService(service, host, options) {
  const kerberos = await openKerberos();
  const server = await kerberos.service(service, host);
  return openContext(server, await kerberos.defaultCache(), { ...kerberos.exchange, ...options });
}

/** The flags of a context whose messages shall have that protection: `none`, `integrity` or `confidentiality`. */
export function flagsFor(protection) {
  return { integrity: protection !== 'none', confidentiality: protection === 'confidentiality' };
}
