import type { Config } from '../config/config.ts';
import { type KdcAddress, parseKdc } from '../config/host-port.ts';
import type { Relation } from '../config/profile.ts';
import { valueError } from '../config/values.ts';
import { type TransportAttempt, TransportError } from '../errors.ts';
import type { Trace } from '../trace.ts';
import type { ProtocolName, Target } from './protocols.ts';
import type { Service } from './services.ts';
import { orderByChance, type SrvLookup, type SrvRecord } from './srv.ts';
import type { StopSignal } from './stop-signal.ts';
import type { UriLookup, UriRecord } from './uri.ts';

/** More KDCs than a realm needs, and few enough that forged DNS answers cannot make us flood a third party. */
const MAX_RECORDS = 32;

/** A KDC and the protocols over which it can be reached. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly protocols: readonly ProtocolName[];
  readonly proxy?: Target['proxy'];
  /** How it was found, such as `kdc, /etc/krb5.conf:14`. */
  readonly found?: string | undefined;
}

export interface LocateOptions {
  readonly service: Service;
  readonly lookupSrv: SrvLookup;
  readonly lookupUri: UriLookup;
  readonly signal: StopSignal;
  readonly trace: Trace;
}

/**
 * The servers of a service of a realm, best first: from the profile, else from DNS if `dns_lookup_kdc` allows, by URI
 * records, else by SRV records. Throws `TransportError` REALM_UNKNOWN if there are none, `ConfigError` CONFIG_VALUE for
 * one that cannot be parsed.
 */
export async function locateServers(
  config: Config,
  realm: string,
  options: LocateOptions,
): Promise<readonly Server[]> {
  if (!isRealmName(realm)) {
    throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for invalid realm name "${realm}"`, realm);
  }
  const configured = locateByProfile(config, realm, options.service);
  if (configured.length > 0) return configured;
  const failures: TransportAttempt[] = [];
  const found = config.libdefaults.dnsLookupKdc ? await locateByDns(config, realm, options, failures) : [];
  if (found.length > 0) return found;
  throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for realm "${realm}"`, realm, failures);
}

/**
 * The targets to try, in order: each server over UDP or over a stream, as `datagramFirst` says, then the servers that
 * have both over the other.
 */
export function orderTargets(servers: readonly Server[], datagramFirst: boolean): readonly Target[] {
  const last: ProtocolName = datagramFirst ? 'tcp' : 'udp';
  const sooner: Target[] = [];
  const later: Target[] = [];
  for (const { host, port, protocols, proxy, found } of servers) {
    for (const protocol of protocols) {
      const waits = protocol === last && (protocol === 'udp' || protocols.length > 1);
      (waits ? later : sooner).push({ protocol, host, port, found, ...(proxy && { proxy }) });
    }
  }
  return [...sooner, ...later];
}

/** Whether a realm may appear in a DNS name and in a message: it has no quotes and no control characters. */
function isRealmName(realm: string): boolean {
  // Not `\p{Cc}`: looking up a Unicode property takes half a millisecond.
  return /^[ !#-~\u00a0-\uffff]+$/.test(realm);
}

function locateByProfile(config: Config, realm: string, service: Service): readonly Server[] {
  const read = (path: readonly string[], relation: Relation, ownPort: boolean): Server => {
    const address = parseKdc(relation.value, service.port);
    if (address === undefined) throw valueError(path, relation, 'the address of a KDC');
    const found = `${path.at(-1)}, ${relation.file}:${relation.line}`;
    return { ...serverAt(address, config, realm, ownPort ? undefined : service.port), found };
  };
  for (const { name, portIsAnothers } of service.relations) {
    const path = ['realms', realm, name];
    const relations = config.profile.relations(...path);
    if (relations.length > 0) return relations.map(relation => read(path, relation, !portIsAnothers));
  }
  return [];
}

function serverAt(
  address: KdcAddress,
  config: Config,
  realm: string,
  port: number | undefined,
): Omit<Server, 'found'> {
  switch (address.kind) {
    case 'host':
      return {
        host: address.host,
        port: port ?? address.port,
        protocols: address.protocol ? [address.protocol] : ['udp', 'tcp'],
      };
    case 'unix':
      return { host: address.path, port: 0, protocols: ['unix'] };
    case 'https':
      return proxyServer(address.url, config, realm);
  }
}

function proxyServer(url: string, config: Config, realm: string): Omit<Server, 'found'> {
  const anchors = config.profile.values('realms', realm, 'http_anchors');
  return { host: url, port: 0, protocols: ['https'], proxy: { realm, anchors } };
}

async function locateByDns(
  config: Config,
  realm: string,
  options: LocateOptions,
  failures: TransportAttempt[],
): Promise<readonly Server[]> {
  const site = config.profile.first('realms', realm, 'sitename');
  const zones = site === undefined ? [realm] : [`${site}._sites.${realm}`, realm];
  for (const zone of zones) {
    const byUri = config.libdefaults.dnsUriLookup
      ? await locateByUri(config, realm, zone, options, failures)
      : [];
    if (byUri.length > 0) return byUri;
    for (const name of options.service.srv) {
      const bySrv = await locateBySrv(name, zone, options, failures);
      if (bySrv.length > 0) return bySrv;
    }
  }
  return [];
}

async function locateByUri(
  config: Config,
  realm: string,
  zone: string,
  { service, lookupUri, signal, trace }: LocateOptions,
  failures: TransportAttempt[],
): Promise<readonly Server[]> {
  const { parseServerUri } = await import('./uri.ts');
  const name = `${service.uri.name}.${zone}`;
  const query = `URI ${name}`;
  const records = await asked({ query, name, trace, failures }, () => lookupUri(name, signal), uriText);
  return orderByChance(records)
    .slice(0, MAX_RECORDS)
    .flatMap(({ target }) => {
      const uri = parseServerUri(target, service.port);
      if (uri === undefined || (service.uri.primaryOnly && !uri.primary)) return [];
      const { host, port, protocol } = uri;
      return protocol === 'https'
        ? [{ ...proxyServer(host, config, realm), found: query }]
        : [{ host, port, protocols: [protocol], found: query }];
    });
}

async function locateBySrv(
  prefix: string,
  zone: string,
  { lookupSrv, signal, trace }: LocateOptions,
  failures: TransportAttempt[],
): Promise<readonly Server[]> {
  const protocols = ['udp', 'tcp'] as const;
  const lists = await Promise.all(
    protocols.map(async protocol => {
      const name = `${prefix}._${protocol}.${zone}`;
      const query = `SRV ${name}`;
      const records = await asked({ query, name, trace, failures }, () => lookupSrv(name, signal), srvText);
      // A lone dot means that the service is not offered.
      return orderByChance(records.filter(({ name }) => name !== '' && name !== '.')).slice(0, MAX_RECORDS);
    }),
  );
  return protocols.flatMap((protocol, i) =>
    lists[i]!.map(({ name, port }) => ({
      host: name,
      port,
      protocols: [protocol],
      found: `SRV ${prefix}._${protocol}.${zone}`,
    })),
  );
}

interface Question {
  readonly name: string;
  /** The record's type and name. */
  readonly query: string;
  readonly trace: Trace;
  readonly failures: TransportAttempt[];
}

/** The records in DNS; none if it does not answer. */
async function asked<T>(
  { name, query, trace, failures }: Question,
  lookup: () => Promise<readonly T[]>,
  textOf: (record: T) => string,
): Promise<readonly T[]> {
  const type = query.slice(0, 3);
  trace(`Sending DNS ${type} query for ${name}`);
  try {
    const records = await lookup();
    const answers = records.map(textOf);
    const told = answers.length === 0 ? `No ${type} records found` : `${type} answer: ${answers.join(', ')}`;
    trace(`${told} for ${name}`, { kind: 'lookup', query, answers });
    return records;
  } catch (error) {
    const reason = (error as Error).message;
    trace(`DNS ${type} query failed: ${reason}`, { kind: 'lookup', query, answers: [], failure: reason });
    failures.push({ target: `dns ${name}`, reason });
    return [];
  }
}

function srvText({ priority, weight, port, name }: SrvRecord): string {
  return `${priority} ${weight} ${port} "${name}"`;
}

function uriText({ priority, weight, target }: UriRecord): string {
  return `${priority} ${weight} "${target}"`;
}
