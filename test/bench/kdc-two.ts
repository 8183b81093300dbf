import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installedNodes } from '../../scripts/bench-nodes.mjs';
import { randomKey } from '../../src/crypto/key.ts';
import { createDurableDatabase } from '../../src/kdc/store/open.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { freePort } from '../support/free-port.ts';
import { cpuSecondsOf } from '../support/heimdal-kcm.ts';
import { asRequest, end } from './kdc.ts';
import { type Line, median, type Row } from './measure.ts';

const REALM = 'TWO.TEST';
/** Short ones in turn, for a machine of which others have a part is not equally fast for long. */
const ROUNDS = 50;
const ROUND = 250; // milliseconds
/** More than a client gets answered in all rounds. */
const REQUESTS = 500_000;
const alice = parsePrincipal(`alice@${REALM}`);
const key = randomKey(18);
/** The system divides clients by their ports: where each asks a few times, both processes get about half. */
const PORTS = 256;
/** Enough that a process hardly ever waits for requests; twice as many find room in its socket's buffer. */
const UNDER_WAY = 128;

export default {
  title: `Two KDC processes on one port over one durable database beside one, AS-REQs by the clock: on each core a process and a client that keeps it busy, ${PORTS} ports a client; medians of ${ROUNDS} rounds of ${ROUND} ms in turn`,
  lines: [{ cells: { processes: 2 }, column: 'times one', better: 'higher', bound: 1.7 }] satisfies Line[],
  async run(): Promise<Row[]> {
    const node = [process.execPath, ...installedNodes()].find(sharesPorts);
    if (node === undefined) throw new Error('no Node from 23.1 on is installed, which sharing a port needs');
    const dir = mkdtempSync(join(tmpdir(), 'kdc-two-'));
    try {
      return await withRealm(node, join(dir, 'principals'));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

function sharesPorts(node: string): boolean {
  const version = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1);
}

async function withRealm(node: string, file: string): Promise<Row[]> {
  const keychain = (): never => {
    throw new Error('there is no keychain');
  };
  const database = await createDurableDatabase(file, { realm: REALM, enctypes: [18], keychain });
  database.add(alice, { keys: [key] });
  await database.close();
  const [one, two] = [await startOn([0], node, file), await startOn([0, 1], node, file)];
  try {
    return await compare(one, two);
  } finally {
    await Promise.all([one, two].flatMap(({ children, clients }) => [...children, ...clients]).map(end));
  }
}

interface Processes {
  readonly children: readonly ChildProcess[];
  readonly clients: readonly ChildProcess[];
}

/** A process on each of the cores, all on one port, and a client. */
async function startOn(cores: readonly number[], node: string, file: string): Promise<Processes> {
  const port = await freePort();
  const children: ChildProcess[] = [];
  const clients: ChildProcess[] = [];
  for (const core of cores) {
    const args = ['kdc', '--database', file, '--port', `${port}`, '--reuse-port', '--quiet'];
    const child = spawn('taskset', ['-c', `${core}`, node, resolve('bin/krb5kit'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    children.push(child);
    clients.push(await startClient(core, port));
  }
  return { children, clients };
}

async function startClient(core: number, port: number): Promise<ChildProcess> {
  const client = fork(join(import.meta.dirname, 'kdc-load.mjs'), {
    serialization: 'advanced',
    execPath: 'taskset',
    execArgv: ['-c', `${core}`, process.execPath],
  });
  const requests = Array.from({ length: REQUESTS }, () => asRequest(alice, key));
  client.send({ port, requests, ports: PORTS, underWay: UNDER_WAY });
  await once(client, 'message');
  return client;
}

interface Took {
  /** Requests per second, by the clock. */
  readonly rate: number;
  /** What the busiest process did of the whole, by CPU time. */
  readonly part: number;
}

async function compare(one: Processes, two: Processes): Promise<Row[]> {
  const rounds: { readonly one: Took; readonly two: Took }[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const took = { one: await ask(one), two: await ask(two) };
    if (round >= 0) rounds.push(took);
  }
  const row = (which: 'one' | 'two', processes: number): Row => ({
    processes,
    'requests per second': Math.round(median(rounds.map(took => took[which].rate))),
    "the busiest one's part": median(rounds.map(took => took[which].part)),
  });
  const ratio = median(rounds.map(took => took.two.rate / took.one.rate));
  return [row('one', 1), { ...row('two', 2), 'times one': ratio }];
}

async function ask({ children, clients }: Processes): Promise<Took> {
  const before = children.map(({ pid }) => cpuSecondsOf(pid!));
  const answers = await Promise.all(clients.map(answersInRound));
  const used = children.map(({ pid }, i) => cpuSecondsOf(pid!) - before[i]!);
  return { rate: (sum(answers) / ROUND) * 1000, part: Math.max(...used) / sum(used) };
}

async function answersInRound(client: ChildProcess): Promise<number> {
  client.send(ROUND);
  const [answers] = await once(client, 'message');
  if (typeof answers !== 'number') throw new Error(answers);
  return answers;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
