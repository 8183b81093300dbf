import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { makeDirectory } from '../../ccache/make-directory.ts';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import type { RunningKdc } from '../../kdc/start.ts';
import { resolveKeytab } from '../../keytab/keytab.ts';
import { dataDirectory } from '../../local/directories.ts';
import { isRunning, startOf } from '../session/process.ts';
import type { Io } from '../terminal.ts';
import { startWipeWatchdog } from '../wipe-watchdog.ts';
import { type RealmSpec, serviceNames } from './realm.ts';

/** What a KDC in the background records about itself. */
export interface KdcRecord {
  readonly pid: number;
  /** When its process started, as `startOf` returns it. */
  readonly start: string;
  readonly realm: string;
  readonly host: string;
  readonly port: number;
  readonly kkdcpUrl?: string | undefined;
}

/** The files in a KDC's directory. */
export const KDC_FILES = {
  record: 'kdc.json',
  conf: 'krb5.conf',
  keytab: 'service.keytab',
  log: 'log',
  realm: 'realm',
  trouble: 'trouble',
} as const;

/** The directory of this user's KDCs: in KRB5KIT_HOME, else in XDG_RUNTIME_DIR, else in the data directory. */
function kdcBase(io: Io): string {
  const { KRB5KIT_HOME: own, XDG_RUNTIME_DIR: runtime } = io.env;
  if (!own && runtime?.startsWith('/')) return join(runtime, 'krb5kit', 'kdc');
  return resolve(io.cwd, dataDirectory(io), 'kdc');
}

/** The directory of a realm's KDC; the name may be arbitrary. */
export function kdcPlace(realm: string, io: Io): string {
  return join(kdcBase(io), encodeURIComponent(realm).replaceAll('.', '%2E'));
}

/** Throws KerberosError CONFIG_VALUE for a directory whose files KRB5_CONFIG cannot name, because it is a list. */
export function checkNameable(directory: string): void {
  if (!directory.includes(delimiter)) return;
  throw new KerberosError(
    'CONFIG_VALUE',
    `KRB5_CONFIG cannot name files in ${directory}: it has a '${delimiter}'`,
  );
}

/** Makes a place that nobody else may enter. Throws KerberosError KDC_LISTEN. */
export function makePlace(place: string): void {
  try {
    makeDirectory(place);
  } catch (cause) {
    throw new KerberosError('KDC_LISTEN', `${place} cannot be made: ${systemReason(cause)}`, { cause });
  }
}

/** The KDC that runs at a place; what one that was killed has left is removed. */
export function runningAt(place: string): KdcRecord | undefined {
  const record = readRecord(place);
  if (record === undefined) return undefined;
  if (isRunning(record.pid, record.start)) return record;
  rmSync(place, { recursive: true, force: true });
  return undefined;
}

/** Every KDC of this user that runs. */
export function runningKdcs(io: Io): readonly KdcRecord[] {
  const base = kdcBase(io);
  try {
    return readdirSync(base).flatMap(name => runningAt(join(base, name)) ?? []);
  } catch {
    return [];
  }
}

/** A KDC's directory while it runs. */
export interface Place {
  /** Whether the record of this KDC is still there: without it, nobody could find or stop the KDC. */
  isKept(): boolean;
  /** Removes the directory, unless another KDC has it by now. */
  leave(): void;
}

/** Writes what clients need into a KDC's directory, and finally the record that announces it. */
export async function occupy(
  place: string,
  { kdc, spec }: { readonly kdc: RunningKdc; readonly spec: RealmSpec },
  io: Io,
): Promise<Place> {
  makePlace(place);
  const watchdog = startWipeWatchdog([place], io.platform);
  const file = (name: keyof typeof KDC_FILES): string => join(place, KDC_FILES[name]);
  writeFileSync(file('conf'), kdc.krb5Conf(), { mode: 0o600 });
  rmSync(file('keytab'), { force: true });
  await resolveKeytab(file('keytab')).add(kdc.keytab(...serviceNames(spec)));
  const { realm, host, port, kkdcpUrl } = kdc;
  const record: KdcRecord = { pid: io.pid, start: startOf(io.pid) ?? '', realm, host, port, kkdcpUrl };
  writeFileSync(`${file('record')}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file('record')}.new`, file('record'));
  return {
    isKept: () => readRecord(place)?.pid === io.pid,
    leave() {
      // Without our record it is no longer ours: a successor may be about to start.
      if (readRecord(place)?.pid === io.pid) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
      watchdog.dismiss();
    },
  };
}

function readRecord(place: string): KdcRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(place, KDC_FILES.record), 'utf8')) as KdcRecord;
  } catch {
    return undefined;
  }
}
