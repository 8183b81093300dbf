import type { Config } from '../config/config.ts';
import { parseKdc } from '../config/host-port.ts';
import type { Relation } from '../config/profile.ts';
import { valueError } from '../config/values.ts';
import { type TransportAttempt, TransportError } from '../errors.ts';
import type { ProtocolName, Target } from './protocols.ts';
import { orderSrv, type SrvLookup } from './srv.ts';
import type { StopSignal } from './stop-signal.ts';

/** More KDCs than a realm needs, and few enough that whoever forges DNS cannot make us flood a third party. */
const MAX_RECORDS = 32;

/** A KDC and the protocols it is reached by. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly protocols: readonly ProtocolName[];
}

/**
 * The KDCs of a realm, best first: from the profile, else from DNS if `dns_lookup_kdc` allows. Throws `TransportError`
 * REALM_UNKNOWN if there are none, `ConfigError` CONFIG_VALUE for one that cannot be read.
 */
export async function locateKdcs(
  config: Config,
  realm: string,
  { lookupSrv, signal }: { readonly lookupSrv: SrvLookup; readonly signal: StopSignal },
): Promise<readonly Server[]> {
  if (!isRealmName(realm)) {
    throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for invalid realm name "${realm}"`, realm);
  }
  const path = ['realms', realm, 'kdc'];
  const configured = config.profile.relations(...path).map(relation => readServer(path, relation));
  if (configured.length > 0) return configured;
  const failures: TransportAttempt[] = [];
  const found = config.libdefaults.dnsLookupKdc ? await locateByDns(realm, lookupSrv, signal, failures) : [];
  if (found.length > 0) return found;
  throw new TransportError('REALM_UNKNOWN', `Cannot find KDC for realm "${realm}"`, realm, failures);
}

/**
 * What to try, in order: each server by datagram or by stream as `datagramFirst` has it, then the servers which know
 * both by the other.
 */
export function orderTargets(servers: readonly Server[], datagramFirst: boolean): readonly Target[] {
  const last: ProtocolName = datagramFirst ? 'tcp' : 'udp';
  const sooner: Target[] = [];
  const later: Target[] = [];
  for (const { host, port, protocols } of servers) {
    for (const protocol of protocols) {
      const waits = protocol === last && (protocol === 'udp' || protocols.length > 1);
      (waits ? later : sooner).push({ protocol, host, port });
    }
  }
  return [...sooner, ...later];
}

/** A realm that could stand in a DNS name and a message: without quotes and control characters. */
function isRealmName(realm: string): boolean {
  // Not by `\p{Cc}`: to look a property up takes half a millisecond.
  return /^[ !#-~\u00a0-\uffff]+$/.test(realm);
}

function readServer(path: readonly string[], relation: Relation): Server {
  const kdc = parseKdc(relation.value);
  switch (kdc?.kind) {
    case 'host':
      return { host: kdc.host, port: kdc.port, protocols: kdc.protocol ? [kdc.protocol] : ['udp', 'tcp'] };
    case 'unix':
      return { host: kdc.path, port: 0, protocols: ['unix'] };
    case 'https':
      return { host: kdc.url, port: 0, protocols: ['https'] };
    default:
      throw valueError(path, relation, 'the address of a KDC');
  }
}

async function locateByDns(
  realm: string,
  lookupSrv: SrvLookup,
  signal: StopSignal,
  failures: TransportAttempt[],
): Promise<readonly Server[]> {
  const protocols = ['udp', 'tcp'] as const;
  const lists = await Promise.all(
    protocols.map(async protocol => {
      const name = `_kerberos._${protocol}.${realm}`;
      try {
        return orderSrv(await lookupSrv(name, signal)).slice(0, MAX_RECORDS);
      } catch (error) {
        failures.push({ target: `dns ${name}`, reason: (error as Error).message });
        return [];
      }
    }),
  );
  return protocols.flatMap((protocol, i) =>
    lists[i]!.map(({ name, port }) => ({ host: name, port, protocols: [protocol] })),
  );
}
