import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startKdc } from '../../src/kdc/start.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { findProgram, peer } from '../support/peers.ts';
import { median, type Row } from './measure.ts';

const RUNS = 20;

interface Realm {
  readonly env: NodeJS.ProcessEnv;
  /** The cache that `env` names. */
  readonly cache: string;
  stop(): Promise<void>;
}

interface Use {
  readonly command: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** Lines for [libdefaults], before those of the realm. */
  readonly libdefaults?: string;
}

// In this order: each finds what the ones before it have left in the cache.
const uses: readonly Use[] = [
  {
    command: 'kinit, password by encrypted timestamp',
    program: 'kinit',
    args: ['alice'],
    input: 'alicepw\n',
    libdefaults: 'preferred_preauth_types = 2',
  },
  { command: 'kinit, password by SPAKE', program: 'kinit', args: ['alice'], input: 'alicepw\n' },
  { command: 'kvno, from the KDC', program: 'kvno', args: ['--no-store', 'sample/localhost'] },
  { command: 'kvno, cached', program: 'kvno', args: ['HTTP/localhost'] },
  { command: 'klist', program: 'klist', args: [] },
  { command: 'kdestroy', program: 'kdestroy', args: [] },
];

export default {
  title: `Commands as whole processes on a FILE cache, in turn with bare node; medians of ${RUNS} runs in ms`,
  async run(): Promise<Row[]> {
    const realm = peer('mit-kdc').available ? await mitRealm() : await ourRealm();
    try {
      const rows: Row[] = [];
      for (const use of uses) rows.push(await compare(use, realm));
      return rows;
    } finally {
      await realm.stop();
    }
  },
};

async function compare(use: Use, realm: Realm): Promise<Row> {
  const { command, program, args, input = '' } = use;
  const { cache } = realm;
  const env = withLibdefaults(use.libdefaults, realm);
  const ours = fileURLToPath(new URL(`../../bin/${program}`, import.meta.url));
  const theirs = peer('mit-client').available ? findProgram(program) : undefined;
  const kept = `${cache}.kept`;
  const restores = program === 'kdestroy';
  const timed = (path: string, words: readonly string[]) => () => {
    if (restores) copyFileSync(kept, cache);
    return wholeProcess(path, words, { env, input });
  };
  const bare = timed(process.execPath, ['-e', '0']);
  const kit = timed(process.execPath, [ours, ...args]);
  const mit = theirs === undefined ? undefined : timed(theirs, args);
  if (restores) copyFileSync(cache, kept);
  for (const warmUp of [bare, kit, mit]) await warmUp?.();

  const times: { bare: number; kit: number; mit: number }[] = [];
  for (let i = 0; i < RUNS; i++) {
    times.push({ bare: await bare(), kit: await kit(), mit: (await mit?.()) ?? Number.NaN });
  }
  return {
    command,
    'node -e 0': median(times.map(time => time.bare)),
    krb5kit: median(times.map(time => time.kit)),
    'times node': median(times.map(time => time.kit / time.bare)),
    ...(mit && { 'MIT krb5': median(times.map(time => time.mit)) }),
  };
}

function withLibdefaults(lines: string | undefined, { env, cache }: Realm): NodeJS.ProcessEnv {
  if (lines === undefined) return env;
  const file = `${cache}.conf`;
  writeFileSync(file, `[libdefaults]\n${lines}\n`);
  return { ...env, KRB5_CONFIG: `${file}:${env.KRB5_CONFIG}` };
}

/** The milliseconds from the start of a program to its end. Throws where it fails. */
function wholeProcess(
  path: string,
  args: readonly string[],
  { env, input }: { readonly env: NodeJS.ProcessEnv; readonly input: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(path, args, { env, stdio: 'pipe' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', status => {
      if (status === 0) resolve(performance.now() - start);
      else reject(new Error(`${path} ${args.join(' ')}: ${output}`));
    });
    child.stdin.on('error', () => undefined); // a program may end without reading
    child.stdin.end(input);
  });
}

async function mitRealm(): Promise<Realm> {
  const { dir, env, stop } = await startMitKdc();
  return { ...realmIn(dir, env), stop };
}

async function ourRealm(): Promise<Realm> {
  const dir = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  const kdc = await startKdc({
    realm: 'A.TEST',
    users: [{ name: 'alice', password: 'alicepw' }],
    services: ['HTTP/localhost', 'sample/localhost'],
  });
  const krb5Conf = join(dir, 'krb5.conf');
  writeFileSync(krb5Conf, kdc.krb5Conf());
  return {
    ...realmIn(dir, { KRB5_CONFIG: krb5Conf }),
    async stop() {
      await kdc.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function realmIn(dir: string, env: NodeJS.ProcessEnv): Omit<Realm, 'stop'> {
  const cache = join(dir, 'bench-cache');
  return { cache, env: { ...env, HOME: dir, KRB5KIT_HOME: join(dir, 'home'), KRB5CCNAME: `FILE:${cache}` } };
}
