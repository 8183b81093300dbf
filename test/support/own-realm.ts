import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningKdc, type StartKdcOptions, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { runPeer, type Said } from './peer-client.ts';

/** A realm of our own KDC in this process, which must therefore not block, and a directory for its clients. */
export interface OwnRealm {
  readonly kdc: RunningKdc;
  readonly dir: string;
  readonly keytab: string;
  /** Runs a program of the system, or one given by a path, as a client of the realm; returns both outputs together. */
  run(line: string, input?: string): Promise<Said>;
  stop(): Promise<void>;
}

interface OwnRealmOptions extends StartKdcOptions {
  /** The principals whose keys are put into the keytab. */
  readonly keys?: readonly string[];
  /** The clients' krb5.conf, from the one that the KDC proposes. */
  readonly profile?: (text: string) => string;
}

/** Starts a realm, which must be stopped after the tests. */
export async function startOwnRealm({
  keys = [],
  profile = text => text,
  ...options
}: OwnRealmOptions): Promise<OwnRealm> {
  const kdc = await startKdc(options);
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
  const keytab = join(dir, 'keytab');
  writeFileSync(join(dir, 'krb5.conf'), profile(kdc.krb5Conf()));
  await resolveKeytab(keytab).add(kdc.keytab(...keys));
  const env = { KRB5_KTNAME: `FILE:${keytab}`, KRB5RCACHEDIR: dir };
  return {
    kdc,
    dir,
    keytab,
    run: (line, input = '') => runPeer(dir, line.split(' '), { input, env }),
    async stop() {
      await kdc.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
