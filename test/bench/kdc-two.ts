import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
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
const ROUNDS = 5;
/** The system counts CPU time in hundredths of a second. */
const REQUESTS = 16_000;
const alice = parsePrincipal(`alice@${REALM}`);
const key = randomKey(18);
/** The system divides clients by their ports: where each asks a few times, both processes get about half. */
const CLIENTS = 512;
/** Enough that neither process waits for the client, which shares the cores with them. */
const WINDOW = 128;

export default {
  title: `Two KDC processes on one port over one durable database, each on a core, beside one: ${REQUESTS} AS-REQs of ${CLIENTS} ports, medians of ${ROUNDS} rounds in turn. "times one": by the CPU time of the busier process, as if client and KDC did not share two cores`,
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
    await Promise.all([...one.children, ...two.children].map(end));
  }
}

interface Processes {
  readonly port: number;
  readonly children: readonly ChildProcess[];
}

/** A process on each of the cores, all on one port. */
async function startOn(cores: readonly number[], node: string, file: string): Promise<Processes> {
  const port = await freePort();
  const children: ChildProcess[] = [];
  for (const core of cores) {
    const args = ['kdc', '--database', file, '--port', `${port}`, '--reuse-port', '--quiet'];
    const child = spawn('taskset', ['-c', `${core}`, node, resolve('bin/krb5kit'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    children.push(child);
  }
  return { port, children };
}

interface Took {
  /** Seconds: by the clock, of the CPU for the busiest process, and for the client. */
  readonly wall: number;
  readonly busiest: number;
  readonly client: number;
  /** What the busiest process did of the whole, by CPU time. */
  readonly part: number;
}

async function compare(one: Processes, two: Processes): Promise<Row[]> {
  const rounds: { readonly one: Took; readonly two: Took }[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const took = { one: await ask(one), two: await ask(two) };
    if (round >= 0) rounds.push(took);
  }
  const middle = (which: 'one' | 'two', of: (took: Took) => number): number =>
    median(rounds.map(took => of(took[which])));
  const ratio = (of: keyof Took): number => median(rounds.map(took => took.one[of] / took.two[of]));
  const row = (which: 'one' | 'two', processes: number): Row => ({
    processes,
    'requests per CPU-second of the busiest': Math.round(REQUESTS / middle(which, took => took.busiest)),
    'requests per second by the clock': Math.round(REQUESTS / middle(which, took => took.wall)),
    "the busiest one's part": middle(which, took => took.part),
    "client's part of a core": middle(which, took => took.client / took.wall),
  });
  const times = { 'times one': ratio('busiest'), 'times one by the clock': ratio('wall') };
  return [row('one', 1), { ...row('two', 2), ...times }];
}

async function ask({ port, children }: Processes): Promise<Took> {
  const requests = Array.from({ length: REQUESTS }, () => asRequest(alice, key));
  const sockets = Array.from({ length: CLIENTS }, () => createSocket('udp4'));
  const before = children.map(({ pid }) => cpuSecondsOf(pid!));
  const client = process.cpuUsage();
  const start = performance.now();
  try {
    await askOver(sockets, port, requests);
  } finally {
    for (const socket of sockets) socket.close();
  }
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(client);
  const used = children.map(({ pid }, i) => cpuSecondsOf(pid!) - before[i]!);
  const busiest = Math.max(...used);
  const part = busiest / used.reduce((sum, seconds) => sum + seconds);
  return { wall, busiest, client: (user + system) / 1e6, part };
}

/** Sends the requests from one port after the other, some at a time, until all are answered with tickets. */
function askOver(sockets: readonly Socket[], port: number, requests: readonly Uint8Array[]): Promise<void> {
  let [sent, answered] = [0, 0];
  return new Promise((done, fail) => {
    const overdue = setTimeout(() => fail(new Error(`${answered} of ${requests.length} answers`)), 60_000);
    const next = (): void => {
      if (sent >= requests.length) return;
      sockets[sent % sockets.length]!.send(requests[sent++]!, port, '127.0.0.1');
    };
    const receive = (reply: Uint8Array): void => {
      if (reply[0] !== 0x6b) fail(new Error('an answer is no AS-REP'));
      next();
      if (++answered < requests.length) return;
      clearTimeout(overdue);
      done();
    };
    for (const socket of sockets) socket.on('error', fail).on('message', receive);
    for (let i = 0; i < WINDOW; i++) next();
  });
}
