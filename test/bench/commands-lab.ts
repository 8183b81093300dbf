import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findConfig } from '../../src/ccache/config-entries.ts';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { bytesToText } from '../../src/codec/text.ts';
import { startKdc } from '../../src/kdc/start.ts';
import { tgsPrincipal } from '../../src/messages/principal.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { peer } from '../support/peers.ts';

/** A realm with the users alice and sha2user, whose keys are of RFC 8009, and two services. */
export interface CommandsLab {
  /** For homes of Node; removed in the end. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The cache that `env` names. */
  readonly cache: string;
}

/** Something to do with a program. */
export interface Use {
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
  /** The type of the pre-authentication that it is to log in by, and no other. */
  readonly mechanism?: 2 | 151;
  /** It finds the cache as it was before. */
  readonly destroys?: boolean;
}

const alice = { program: 'kinit', args: ['alice'], input: 'alicepw\n' } as const;

/** What the commands are for, in an order in which each finds what the ones before it have left in the cache. */
export const uses: readonly Use[] = [
  {
    title: 'kinit, aes256-sha384, by encrypted timestamp',
    program: 'kinit',
    args: ['sha2user'],
    input: 'sha2pw\n',
    mechanism: 2,
  },
  { title: 'kinit, password by encrypted timestamp', ...alice, mechanism: 2 },
  { title: 'kinit, password by SPAKE', ...alice, mechanism: 151 },
  { title: 'kvno, from the KDC', program: 'kvno', args: ['--no-store', 'sample/localhost'] },
  { title: 'kvno, cached', program: 'kvno', args: ['HTTP/localhost'] },
  { title: 'klist', program: 'klist', args: [] },
  { title: 'klist -f', program: 'klist', args: ['-f'] },
  { title: 'krb5kit klist', program: 'krb5kit', args: ['klist'] },
  { title: 'krb5kit --help', program: 'krb5kit', args: ['--help'] },
  { title: 'kdestroy', program: 'kdestroy', args: [], destroys: true },
];

/** Has `work` done in a realm of the MIT KDC, or of our own where there is none. */
export async function withCommandsLab<T>(work: (lab: CommandsLab) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  const { env, stop } = peer('mit-kdc').available ? await mitRealm() : await ownRealm(folder);
  const cache = join(folder, 'cache');
  const own = { HOME: folder, KRB5KIT_HOME: join(folder, 'home'), KRB5CCNAME: `FILE:${cache}` };
  try {
    return await work({ folder, cache, env: { ...env, ...own } });
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Realm {
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

// The KDC offers SPAKE when it is told a group.
function mitRealm(): Promise<Realm> {
  return startMitKdc({ libdefaults: ['spake_preauth_groups = edwards25519'] });
}

async function ownRealm(folder: string): Promise<Realm> {
  const kdc = await startKdc({
    realm: 'A.TEST',
    users: [
      { name: 'alice', password: 'alicepw' },
      { name: 'sha2user', password: 'sha2pw', enctypes: [20] },
    ],
    services: ['HTTP/localhost', 'sample/localhost'],
  });
  const krb5Conf = join(folder, 'krb5.conf');
  writeFileSync(krb5Conf, kdc.krb5Conf());
  return { env: { KRB5_CONFIG: krb5Conf }, stop: () => kdc.close() };
}

/**
 * What times one run of a use's program after the other, in milliseconds: of `program`, or of any other process that it
 * is compared with. Takes note of the cache, for who destroys it.
 */
export function createTimer(
  { args, input = '', mechanism, destroys }: Use,
  lab: CommandsLab,
): (program: string, words?: readonly string[]) => () => Promise<number> {
  const kept = `${lab.cache}.kept`;
  if (destroys) copyFileSync(lab.cache, kept);
  const env = mechanism === undefined ? lab.env : preferring(mechanism, lab);
  return (program, words = args) =>
    () => {
      if (destroys) copyFileSync(kept, lab.cache);
      return wholeProcess(program, words, { env, input });
    };
}

/** Throws where the ticket in the cache has been got by another mechanism than the use's. */
export function checkMechanism({ title, mechanism }: Use, { cache }: CommandsLab): void {
  if (mechanism === undefined) return;
  const contents = CcacheFile.decode(readFileSync(cache));
  const taken = findConfig(contents, 'pa_type', tgsPrincipal(contents.principal.realm));
  const type = taken === undefined ? 'none' : bytesToText(taken);
  if (type !== String(mechanism)) throw new Error(`${title}: the type of pre-authentication was ${type}`);
}

function preferring(mechanism: number, { env, cache }: CommandsLab): NodeJS.ProcessEnv {
  const file = `${cache}-${mechanism}.conf`;
  writeFileSync(file, `[libdefaults]\n  preferred_preauth_types = ${mechanism}\n`);
  return { ...env, KRB5_CONFIG: `${file}:${env.KRB5_CONFIG}` };
}

/** The milliseconds from the start of a program to its end, its output read. Throws where it fails. */
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
