import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningKdc, type StartKdcOptions, startKdc } from '../../src/kdc/start.ts';
import { resolveKeytab } from '../../src/keytab/keytab.ts';
import { findProgram } from './peers.ts';

/** A realm of our own KDC in this process, which must therefore not block, and a directory for its clients. */
export interface OwnRealm {
  readonly kdc: RunningKdc;
  readonly dir: string;
  readonly keytab: string;
  /** Runs a program of the system, or one given by a path, as a client of the realm; returns both outputs together. */
  run(line: string, input?: string): Promise<Said>;
  stop(): Promise<void>;
}

export interface Said {
  readonly status: number | null;
  readonly output: string;
}

export interface OwnRealmOptions extends StartKdcOptions {
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
  return {
    kdc,
    dir,
    keytab,
    run: (line, input = '') => runIn(dir, line.split(' '), input),
    async stop() {
      await kdc.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function runIn(dir: string, [name = '', ...args]: readonly string[], input: string): Promise<Said> {
  const child = spawn(findProgram(name)!, args, {
    cwd: dir,
    env: {
      LC_ALL: 'C',
      TZ: 'UTC',
      KRB5_CONFIG: join(dir, 'krb5.conf'),
      KRB5CCNAME: `FILE:${join(dir, 'cache')}`,
      KRB5_KTNAME: `FILE:${join(dir, 'keytab')}`,
      KRB5_TRACE: join(dir, 'trace'),
      KRB5RCACHEDIR: dir,
    },
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data));
    child.on('error', reject);
    child.on('close', status => resolve({ status, output }));
  });
}
