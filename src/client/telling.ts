import { enctypeName } from '../crypto/enctype-names.ts';
import type { KeytabEntry } from '../keytab/keytab.ts';
import type { KdcReqBody } from '../messages/kdc-req.ts';
import type { KdcError } from '../messages/krb-error.ts';
import { formatPrincipal, type Principal } from '../messages/principal.ts';
import type { Trace } from '../trace.ts';
import type { Exchange } from './options.ts';

/** How many other principals of a keytab to name. */
const MAX_OTHERS = 10;

interface ToldRequest {
  readonly message: 'AS-REQ' | 'TGS-REQ';
  readonly client: Principal;
  readonly server: Principal;
  readonly body: KdcReqBody;
  readonly bytes: number;
  readonly fast: boolean;
}

/** Traces a request that is about to be sent. */
export function tellRequest(trace: Trace, request: ToldRequest): void {
  const { message, body, bytes, fast } = request;
  const [client, server] = [formatPrincipal(request.client), formatPrincipal(request.server)];
  const { realm, etype: enctypes } = body;
  trace(`Enctypes requested: ${enctypes.map(enctypeText).join(', ')}`);
  trace(
    `Sending ${message} for ${message === 'AS-REQ' ? client : server} (${bytes} bytes) to ${realm}${fast ? ' within FAST' : ''}`,
    { kind: 'request', message, client, server, realm, enctypes, fast },
  );
}

/** Traces a KDC's error. */
export function tellKdcError({ trace, clock }: Exchange, error: KdcError, realm: string): void {
  const { errorCode: number, errorName: name, eText: text, reply } = error;
  const offset = reply.stime.getTime() + Math.floor(reply.susec / 1000) - clock().getTime();
  trace(`Received error from KDC: ${number}/${name}${text ? ` (${text})` : ''}`, {
    kind: 'kdc-error',
    realm,
    number,
    name,
    text,
    offset,
  });
}

/** Traces a principal's keys in a keytab or, if it has none, whose keys there are. */
export function tellKeytab(
  trace: Trace,
  client: Principal,
  { own, entries }: { readonly own: readonly KeytabEntry[]; readonly entries: readonly KeytabEntry[] },
): void {
  const principal = formatPrincipal(client);
  const keys = own.map(({ kvno, key, timestamp }) => ({ kvno, enctype: key.keytype, time: timestamp }));
  const others = own.length > 0 ? [] : [...new Set(entries.map(entry => formatPrincipal(entry.principal)))];
  const list = keys.map(({ kvno, enctype }) => `${enctypeText(enctype)} (kvno ${kvno})`).join(', ');
  trace(
    own.length > 0
      ? `Found entries for ${principal} in keytab: ${list}`
      : `No entries for ${principal} in keytab; it has: ${others.slice(0, MAX_OTHERS).join(', ')}`,
    { kind: 'keytab', principal, keys, others: others.slice(0, MAX_OTHERS) },
  );
}

/** Traces the client's key that is used. */
export function tellKey(
  trace: Trace,
  { source, enctype, kvno }: { source: 'password' | 'keytab'; enctype: number; kvno?: number },
): void {
  const version = kvno === undefined ? '' : `, kvno ${kvno}`;
  trace(`AS key obtained from the ${source}: ${enctypeText(enctype)}${version}`, {
    kind: 'key',
    source,
    enctype,
    kvno,
  });
}

/** The name of an enctype, also of an unknown one. */
export function enctypeText(etype: number): string {
  return enctypeName(etype) ?? `etype ${etype}`;
}
