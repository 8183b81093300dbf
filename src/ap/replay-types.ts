import { join } from 'node:path';
import { KerberosError } from '../errors.ts';
import type { LocalReplayCache } from './replay-cache.ts';
import { type FileReplayOptions, fileReplayCache } from './replay-file.ts';

/** Where the default replay cache is; the caller determines it. */
export interface ReplayEnvironment extends FileReplayOptions {
  /** A directory that all services of the machine share, such as `/var/tmp`. */
  readonly directory: string;
  /** The user whose services share the default replay cache. */
  readonly uid: number;
}

type Resolve = (residual: string, environment: ReplayEnvironment) => LocalReplayCache | undefined;

const replayTypes: ReadonlyMap<string, Resolve> = new Map<string, Resolve>([
  [
    'dfl',
    (_, { directory, uid, ...options }) => fileReplayCache(join(directory, `krb5_${uid}.rcache2`), options),
  ],
  ['file2', (path, options) => fileReplayCache(path, options)],
  ['none', () => undefined],
]);

/**
 * The replay cache of a name as in KRB5RCACHENAME, `TYPE:residual`: `dfl:`, which is shared with native services of the
 * same user, `file2:PATH`, or `none:`, which is undefined. Throws KerberosError CONFIG_VALUE for any other type.
 */
export function resolveReplayCache(
  name: string,
  environment: ReplayEnvironment,
): LocalReplayCache | undefined {
  const [, type, residual] = /^([^:]*):?(.*)$/s.exec(name)!;
  const resolve = replayTypes.get(type!);
  if (resolve === undefined) throw new KerberosError('CONFIG_VALUE', `Replay cache type is unknown: ${name}`);
  return resolve(residual!, environment);
}
