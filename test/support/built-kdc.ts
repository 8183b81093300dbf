import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBuilt } from './built-commands.ts';

/** The built KDC in a process of its own, with a folder of which its clients may use the rest. */
export interface BuiltKdc {
  readonly folder: string;
  /** The clients' configuration. */
  readonly krb5Conf: string;
  /** Ends it and removes the folder. */
  stop(): Promise<void>;
}

/** Starts `krb5kit kdc` for the realm that a realm file with this content describes. */
export async function startBuiltKdc(realm: object): Promise<BuiltKdc> {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const krb5Conf = join(folder, 'krb5.conf');
  const principals = join(folder, 'realm.json');
  writeFileSync(principals, JSON.stringify(realm));
  const argv = ['kdc', '--quiet', '--principals', principals, '--krb5-conf', krb5Conf];
  const kdc = await startBuilt('krb5kit', argv, { HOME: folder }, /ready on/);
  return {
    folder,
    krb5Conf,
    async stop() {
      await kdc.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
