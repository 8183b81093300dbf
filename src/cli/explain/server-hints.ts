import type { Story } from './story.ts';

/** What to try if a KDC does not know the server of a request. */
export function unknownServer(story: Story): string {
  const asked = [...new Set(story.all('request').map(({ server }) => server))];
  // On the path to another realm, what failed is the request for its own ticket, not the last attempt to get closer.
  const failed = story.request?.server ?? asked.at(-1) ?? '';
  if (failed.startsWith('krbtgt/')) return noPathHint(failed, story);
  if (failed.startsWith('kadmin/')) return "this realm has no password server: ask the realm's administrator";
  const better = nameHint(failed);
  if (better !== undefined) return better;
  if (!failed.includes('/')) {
    return `write the service and its host, as in HTTP/www.example.com: no service is called ${failed}`;
  }
  const names = asked.filter(name => !name.startsWith('krbtgt/'));
  return `check the service and the host's full name (asked for: ${names.join(', ')}), whether it is registered (in Active Directory, as an SPN), and whether [domain_realm] assigns the right realm to the host`;
}

function noPathHint(failed: string, story: Story): string {
  const [target = '', from = ''] = failed.slice('krbtgt/'.length).split('@');
  const chosen = story.last('realm');
  const by = chosen?.realm === target && /:\d+$/.test(chosen.found) ? ` (${chosen.found})` : '';
  const upper = target.toUpperCase();
  if (target !== upper) return `write the realm in upper case, as is usual: ${upper}`;
  if (target === from) return `check the KDC addresses above: that KDC does not serve the realm ${target}`;
  return `the realm ${from} has no path to ${target}: check the name of that realm${by}, [capaths] and the trust between the two`;
}

/** Whether a principal looks like that of a service on a host, and not like `alice/admin`. */
export function isServiceName(principal: string): boolean {
  const [, service = '', host] = SERVICE_ON_HOST.exec(principal) ?? [];
  if (host === undefined) return false;
  const name = service.toLowerCase();
  const isKnown = ALIASES.has(name) || SERVICES.some(each => each.toLowerCase() === name);
  return isKnown || host.includes('.') || host === 'localhost';
}

const SERVICE_ON_HOST = /^([^/@\\]+)\/([^/@\\]+)(?:@|$)/;

/** What is wrong with the name of a service on a host, if that can be seen. */
function nameHint(principal: string): string | undefined {
  const [, service, host] = SERVICE_ON_HOST.exec(principal) ?? [];
  if (service === undefined || host === undefined) return undefined;
  if (isAddress(host)) {
    return `use the host's name instead of its address: the principal of a service has the name, as in ${service}/www.example.com`;
  }
  const name = service.toLowerCase();
  const other = ALIASES.get(name);
  const usual = other ?? SERVICES.find(each => each.toLowerCase() === name) ?? service;
  const right = `${usual}/${host.toLowerCase()}`;
  if (right === `${service}/${host}`) return undefined;
  const why =
    other === undefined
      ? 'outside Active Directory, principals are case-sensitive'
      : `the principals of this service begin with ${other}`;
  return `use ${right}: ${why}`;
}

function isAddress(host: string): boolean {
  return host.split(':').length > 2 || /^\d{1,3}(\.\d{1,3}){3}(:\d+)?$/.test(host);
}

/** Services as they are usually written, where people often use the wrong case. */
const SERVICES = [
  ...[
    'HTTP',
    'host',
    'ldap',
    'cifs',
    'nfs',
    'imap',
    'pop',
    'smtp',
    'sieve',
    'ftp',
    'xmpp',
    'postgres',
    'DNS',
  ],
  ...['MSSQLSvc', 'TERMSRV', 'WSMAN', 'kafka', 'mongodb', 'hdfs', 'hive', 'zookeeper', 'afs', 'rcmd'],
];

/** Schemes and programs, and the service in the principals that they use. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['https', 'HTTP'],
  ['www', 'HTTP'],
  ['ssh', 'host'],
  ['sshd', 'host'],
  ['sftp', 'host'],
  ['ldaps', 'ldap'],
  ['imaps', 'imap'],
  ['pop3', 'pop'],
  ['smtps', 'smtp'],
  ['smb', 'cifs'],
  ['postgresql', 'postgres'],
  ['mssql', 'MSSQLSvc'],
  ['rdp', 'TERMSRV'],
]);
