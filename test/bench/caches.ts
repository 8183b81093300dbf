import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { openKeychain } from '../../src/ccache/keychain/open.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { startTestAgent } from '../support/agent.ts';
import { startHeimdalKcm } from '../support/heimdal-kcm.ts';
import { findProgram, peer } from '../support/peers.ts';
import { startSecretService } from '../support/secret-service.ts';
import { type Line, median, type Row } from './measure.ts';
import { contentsOf, serviceOf } from './tickets.ts';

const SIZES = [1, 100, 10_000];
/** What fits into the 10 MiB of a reply that clients take. */
const KCM_SIZES = [1, 100, 5000];
/** The kernel has a key for each ticket, and not that many keys for a user. */
const KEYRING_SIZES = [1, 100];
const RUNS = 11;
const RUNS_OF_MANY = 7;

/** Where caches of a type are, as a program finds them. */
interface Place {
  readonly title: string;
  readonly sizes: readonly number[];
  /** For the programs. */
  readonly env: NodeJS.ProcessEnv;
  /** For the library. */
  readonly environment: CcacheEnvironment;
  /** Whether MIT's programs have the type. */
  readonly shared: boolean;
  cache(size: number): string;
  stop(): Promise<void>;
}

export default {
  title: `Caches: whole commands over many tickets, in turn with MIT's and with bare node; medians of ${RUNS} runs, ${RUNS_OF_MANY} of long ones, in ms`,
  lines: [
    klistLine('KEYCHAIN', 1, 'times node', 1.9),
    klistLine('KEYCHAIN', 100, 'times node', 1.9),
    klistLine('FILE', 10_000, "times MIT's", 1.5),
  ],
  async run(): Promise<Row[]> {
    const directory = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
    const rows: Row[] = [];
    try {
      for (const start of places) {
        const place = await start(directory);
        if ('reason' in place) rows.push({ cache: place.title, work: `skipped: ${place.reason}` });
        else await measurePlace(place, rows);
      }
      return rows;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

function klistLine(cache: string, tickets: number, column: string, bound: number): Line {
  return { cells: { cache, work: 'klist', tickets }, column, better: 'lower', bound };
}

async function measurePlace(place: Place, rows: Row[]): Promise<void> {
  try {
    for (const size of place.sizes) {
      const cache = await resolveCcache(place.cache(size), place.environment);
      await cache.initialize(contentsOf(size));
      rows.push(await compare('klist', [], size, place));
      rows.push(await compare('kvno', ['--cached-only', serviceOf(size)], size, place));
      await cache.destroy();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    rows.push({ cache: place.title, work: `broken off: ${reason}` });
  } finally {
    await place.stop();
  }
}

async function compare(command: string, args: readonly string[], size: number, place: Place): Promise<Row> {
  const env = { ...place.env, KRB5CCNAME: place.cache(size) };
  const script = fileURLToPath(new URL(`../../bin/${command}`, import.meta.url));
  const mit = peer('mit-client').available && place.shared ? findProgram(command) : undefined;
  const bare = () => timed(process.execPath, ['-e', '0'], env);
  const ours = () => timed(process.execPath, [script, ...args], env);
  const theirs = mit === undefined ? undefined : () => timed(mit, args, env);
  const times: { bare: number; ours: number; theirs: number }[] = [];
  for (let run = size > 1000 ? RUNS - RUNS_OF_MANY : 0; run <= RUNS; run++) {
    times.push({ bare: await bare(), ours: await ours(), theirs: (await theirs?.()) ?? Number.NaN });
  }
  // The first run warms up.
  times.shift();
  return {
    cache: place.title,
    tickets: size,
    work: command,
    krb5kit: median(times.map(time => time.ours)),
    'times node': median(times.map(time => time.ours / time.bare)),
    ...(theirs && {
      'MIT krb5': median(times.map(time => time.theirs)),
      "times MIT's": median(times.map(time => time.ours / time.theirs)),
    }),
  };
}

/** The milliseconds from the start of a program to its end, its output read. Throws where it fails. */
function timed(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let words = '';
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', text => {
      words += text;
    });
    child.once('error', reject);
    child.once('close', status => {
      if (status === 0) resolve(performance.now() - start);
      else reject(new Error(`${path} ${args.join(' ')}: ${words}`));
    });
  });
}

interface Missing {
  readonly title: string;
  readonly reason: string;
}

const places: readonly ((directory: string) => Promise<Place | Missing>)[] = [
  async directory => plain('FILE', directory, size => `FILE:${join(directory, `cache-${size}`)}`),
  async directory => plain('DIR', directory, size => `DIR::${join(directory, 'caches', `tkt${size}`)}`),
  async directory => {
    const title = "KCM, Heimdal's kcm";
    if (!peer('heimdal-kcm').available) return { title, reason: peer('heimdal-kcm').reason };
    const { socket, stop } = await startHeimdalKcm();
    return kcm(title, socket, directory, stop);
  },
  async directory => {
    const agent = await startTestAgent(['--memory'], { PATH: '/usr/bin:/bin' });
    const socket = join(agent.env.HEIM_IPC_DIR!, '.heim_org.h5l.kcm-socket');
    return kcm("KCM, krb5kit's agent", socket, directory, () => agent.stop());
  },
  async directory => {
    const { available, reason } = peer('keyutils');
    if (!available) return { title: 'KEYRING', reason };
    const name = `KEYRING:user:krb5kit-bench-${process.pid}`;
    return { ...plain('KEYRING', directory, size => `${name}-${size}`), sizes: KEYRING_SIZES };
  },
  async directory => {
    const title = 'KEYCHAIN';
    if (!peer('secret-service').available) return { title, reason: peer('secret-service').reason };
    const session = await startSecretService();
    const place = plain(title, directory, () => 'KEYCHAIN:alice@A.TEST');
    return {
      ...place,
      shared: false,
      env: { ...place.env, ...session.environment },
      environment: { ...place.environment, keychain: () => openKeychain(session.environment) },
      stop: () => session.stop(),
    };
  },
];

function plain(title: string, directory: string, cache: (size: number) => string): Place {
  const config = join(directory, 'krb5.conf');
  writeFileSync(config, '[libdefaults]\n  default_realm = A.TEST\n');
  const home = join(directory, 'home');
  return {
    title,
    sizes: SIZES,
    env: { PATH: '/usr/bin:/bin', HOME: directory, KRB5KIT_HOME: home, KRB5_CONFIG: config, TZ: 'UTC' },
    environment: { dataDirectory: home, keychain: noKeychain },
    shared: true,
    cache,
    stop: async () => undefined,
  };
}

function kcm(title: string, socket: string, directory: string, stop: () => Promise<void>): Place {
  const uid = process.getuid!();
  const place = plain(title, directory, size => `KCM:${uid}:${size}`);
  const config = join(directory, `krb5-${title.length}.conf`);
  writeFileSync(config, `[libdefaults]\n  default_realm = A.TEST\n  kcm_socket = ${socket}\n`);
  return {
    ...place,
    sizes: KCM_SIZES,
    env: { ...place.env, KRB5_CONFIG: config },
    environment: { ...place.environment, kcmSocket: socket },
    stop,
  };
}

async function noKeychain(): Promise<never> {
  throw new TypeError('no keychain is needed here');
}
