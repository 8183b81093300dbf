import { realmHint } from './realm-hints.ts';
import { isServiceName } from './server-hints.ts';
import type { Story } from './story.ts';

/** What to try if a KDC does not know the client of a request. */
export function unknownClient(story: Story): string | undefined {
  const realm = realmHint(story);
  if (realm !== undefined) return realm;
  const { client = 'the name', server = '', realm: own } = story.request ?? {};
  if (client.startsWith('WELLKNOWN/ANONYMOUS@')) {
    return 'the KDC issues no anonymous tickets: that takes a principal WELLKNOWN/ANONYMOUS and PKINIT';
  }
  const others = (story.config?.profile.names('realms') ?? []).filter(name => name !== own);
  const elsewhere = others.length === 0 ? '' : `, and the realm: ${others.join(', ')} are also configured`;
  const spelling = `check the spelling of ${client}${elsewhere}`;
  if (isServiceName(client)) {
    return `${spelling}; in Active Directory, a service logs in under the name of the account that has its SPN`;
  }
  // An enterprise name: -E is there already.
  if (client.includes('\\@')) {
    return `check the spelling of ${client.slice(0, client.lastIndexOf('@')).replaceAll('\\', '')}, which the KDC of ${own} does not know`;
  }
  // kpasswd has no such options.
  if (isPasswordServer(server)) return spelling;
  return `${spelling}; use kinit -E for a mail address, kinit -C to accept the KDC's own spelling`;
}

/** Whether a principal is that of the service that changes passwords. */
export function isPasswordServer(server: string): boolean {
  return server.startsWith('kadmin/');
}
