import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../support/peers.ts';
import type { EngineLab } from './engine-lab.ts';

/** So many exchanges in some seconds, of which the process computed for `cpu`. */
export interface Sample {
  readonly done: number;
  readonly seconds: number;
  readonly cpu: number;
}

/** Who has exchanges with the KDC, in one process of its own. */
export interface Contender {
  readonly name: string;
  /** Has one exchange after the other; undefined where it knows no such exchange. */
  run(exchange: string, seconds: number): Promise<Sample | undefined>;
  end(): void;
}

const programs = fileURLToPath(new URL('engine-peers', import.meta.url));
/** Debian's packages for Python belong to its own interpreter. */
const PYTHON = '/usr/bin/python3';
/** Where Debian's packages put Go sources. */
const GO_SOURCES = '/usr/share/gocode';

/** Starts the peers that are installed; tells of the others why not. */
export function startEnginePeers(lab: EngineLab, folder: string): Contender[] {
  const argument = JSON.stringify(lab);
  return Object.entries(peers).flatMap(([name, prepare]) => {
    const prepared = prepare(folder);
    if ('command' in prepared) return [contender(name, [...prepared.command, argument])];
    console.warn(`${name} is left out: ${prepared.reason}`);
    return [];
  });
}

export type Prepared = { readonly command: readonly string[] } | { readonly reason: string };

const peers: Readonly<Record<string, (folder: string) => Prepared>> = {
  MIT() {
    const reason = pythonFails('import ctypes; ctypes.CDLL("libkrb5.so.3")');
    return reason === undefined ? { command: [PYTHON, join(programs, 'mit.py')] } : { reason };
  },
  gokrb5: folder => buildGo(join(programs, 'gokrb5.go'), folder),
  impacket() {
    const reason = pythonFails('import impacket.krb5.kerberosv5');
    return reason === undefined ? { command: [PYTHON, join(programs, 'with-impacket.py')] } : { reason };
  },
};

/** Compiles a program that uses gokrb5. */
export function buildGo(source: string, folder: string): Prepared {
  const go = findProgram('go');
  if (go === undefined) return { reason: 'go is not installed' };
  if (!existsSync(join(GO_SOURCES, 'src/github.com/jcmturner/gokrb5/v8'))) {
    return { reason: 'golang-github-jcmturner-gokrb5.v8-dev is not installed' };
  }
  const program = join(folder, 'gokrb5');
  const { status, stderr } = spawnSync(go, ['build', '-o', program, source], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      GO111MODULE: 'off',
      GOPATH: GO_SOURCES,
      GOCACHE: join(folder, 'gocache'),
    },
  });
  return status === 0 ? { command: [program] } : { reason: stderr.trim() };
}

function pythonFails(program: string): string | undefined {
  const { status, stderr, error } = spawnSync(PYTHON, ['-c', program], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim().split('\n').at(-1) ?? 'it fails');
}

/** A process that answers each line `EXCHANGE SECONDS` with a sample, or with `{}` where it knows no such exchange. */
export function contender(
  name: string,
  [program, ...args]: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Contender {
  const child: ChildProcess = spawn(program!, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return {
    name,
    async run(exchange, seconds) {
      child.stdin!.write(`${exchange} ${seconds}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${name} ended in the exchange '${exchange}'`);
      const sample: Sample | Record<string, never> = JSON.parse(value);
      return 'done' in sample ? (sample as Sample) : undefined;
    },
    end: () => child.stdin!.end(),
  };
}
