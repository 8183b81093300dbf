import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { isAnswered } from '../../src/agent/listen.ts';
import { withKcm } from '../../src/ccache/kcm/connection.ts';
import { KcmFrames } from '../../src/ccache/kcm/frames.ts';
import { MATCH } from '../../src/ccache/kcm/match.ts';
import { encodeRequest, KCM } from '../../src/ccache/kcm/protocol.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { cpuSecondsOf, memoryOf, startHeimdalKcm } from '../support/heimdal-kcm.ts';
import { peer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';
import { type Line, median, type Row } from './measure.ts';
import { SESSION_PROGRAMS, withMitSessions } from './mit-sessions.ts';

const client = parsePrincipal('alice@A.TEST');
const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 36_000_000);
const name = String(process.getuid!());
const TICKETS = 50;
const CLIENTS = 8;
const ROUNDS = 15;
const SECONDS = 0.2;
const HEIMDAL = "Heimdal's kcm";

function ticket(server: Credential['server']): Credential {
  return {
    client,
    server,
    key: { keytype: 18, keyvalue: new Uint8Array(32) },
    authtime: new Date(end.getTime() - 36_000_000),
    endtime: end,
    flags: 0x40e10000,
    addresses: [],
    authorizationData: [],
    ticket: new Uint8Array(1200),
    secondTicket: new Uint8Array(),
    isSkey: false,
  };
}

const service = (i: number) => ticket(parsePrincipal(`HTTP/host${i}.a.test@A.TEST`));
const wanted = service(TICKETS / 2);

/** What one run of a program asks on a connection. */
const works: Readonly<Record<string, readonly Uint8Array[]>> = {
  'look a ticket up (as curl does)': [
    encodeRequest(KCM.GET_DEFAULT_CACHE, {}),
    encodeRequest(KCM.GET_PRINCIPAL, { name }),
    encodeRequest(KCM.RETRIEVE, {
      name,
      flags: MATCH.CACHED_ONLY,
      tag: { server: wanted.server, ...anyTimes() },
    }),
  ],
  'list the names': [
    encodeRequest(KCM.GET_CACHE_UUID_LIST, {}),
    encodeRequest(KCM.GET_DEFAULT_CACHE, {}),
    encodeRequest(KCM.GET_PRINCIPAL, { name }),
  ],
  'list the tickets': [encodeRequest(KCM.GET_CRED_UUID_LIST, { name })],
};

const change = [encodeRequest(KCM.STORE, { name, credential: wanted })];

function anyTimes() {
  return { authtime: new Date(0), endtime: new Date(0), isSkey: false, flags: 0 };
}

interface Server {
  readonly title: string;
  readonly socket: string;
  cpuSeconds(): number;
  memory(): number;
  stop(): Promise<void>;
}

export default {
  title: `Agent: what a second of its processor time is enough for; requests of ${CLIENTS} clients, a cache of ${TICKETS} tickets; ${HEIMDAL} keeps them in memory alone, a change in the keychain's is sealed and on disk before it is answered`,
  lines: ['memory', 'keychain'].map(
    (store): Line => ({ cells: {}, column: timesHeimdals(`krb5kit, ${store}`), better: 'higher', bound: 1 }),
  ),
  async run(): Promise<Row[]> {
    const { servers, stop } = await startServers();
    const floor = await startFloor();
    try {
      for (const server of servers) await fill(server.socket);
      const rows: Row[] = [];
      for (const [work, requests] of Object.entries(works)) {
        rows.push(await compare(work, [floor, ...servers], server => ask(server, requests)));
      }
      await floor.stop();
      rows.push(await compare('connections, each with a whole klist', servers, wholeKlists));
      if (peer('mit-kdc').available) {
        const work = `sessions of ${SESSION_PROGRAMS} programs of MIT's (the first has the keychain keep a key, the last delete it)`;
        rows.push(await withMitSessions(run => compare(work, servers, ({ socket }) => run(socket))));
      }
      for (const server of servers) await fill(server.socket);
      // Last, as Heimdal keeps what it should have replaced.
      rows.push(await compare('replace a ticket', servers, server => ask(server, change)));
      rows.push(Object.fromEntries([['work', 'memory, MB'], ...servers.map(memoryCell)]));
      return rows;
    } finally {
      await floor.stop();
      await stop();
    }
  },
};

/** What answers every request alike, without a look at it, as servers in Node usually read and write. */
const FLOOR = `
const reply = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
require('node:net').createServer(socket => {
  socket.on('error', () => {}).on('data', () => socket.write(reply));
}).listen(process.argv[1]);
`;

async function startFloor(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  const socket = join(directory, 'floor');
  const child = spawn(process.execPath, ['-e', FLOOR, socket], { stdio: ['ignore', 'ignore', 'inherit'] });
  while (!(await isAnswered(socket))) await sleep(20);
  return {
    title: 'node:net alone',
    socket,
    cpuSeconds: () => cpuSecondsOf(child.pid!),
    memory: () => memoryOf(child.pid!),
    async stop() {
      child.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function memoryCell({ title, memory }: Server): [string, number] {
  return [title, memory() / 2 ** 20];
}

async function startServers(): Promise<{ readonly servers: Server[]; stop(): Promise<void> }> {
  const servers = [await startOurs('memory', ['--memory'])];
  let session: SecretServiceSession | undefined;
  if (peer('secret-service').available) {
    session = await startSecretService();
    servers.push(await startOurs('keychain', [], session.environment));
  }
  if (peer('heimdal-kcm').available) servers.push({ title: HEIMDAL, ...(await startHeimdalKcm()) });
  return {
    servers,
    async stop() {
      for (const server of servers) await server.stop();
      await session?.stop();
    },
  };
}

async function startOurs(
  store: string,
  options: readonly string[],
  session: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin' },
): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  const script = join(directory, 'agent.cjs');
  buildSync({
    stdin: {
      contents: `import { agent } from './agent.ts'; import { main } from './main.ts'; main(agent, ${JSON.stringify(options)});`,
      resolveDir: join(import.meta.dirname, '../../src/cli'),
      loader: 'ts',
    },
    outfile: script,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    supported: { 'dynamic-import': false },
    external: ['keytar', 'node-forge', 'node-forge/*'],
  });
  mkdirSync(join(directory, 'agent'), { mode: 0o700 });
  const modules = join(import.meta.dirname, '../../node_modules');
  const env = { ...session, KRB5KIT_HOME: directory, KRB5_CONFIG: '/nonexistent', NODE_PATH: modules };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const socket = join(directory, 'agent', '.heim_org.h5l.kcm-socket');
  while (!(await isAnswered(socket))) await sleep(20);
  return {
    title: `krb5kit, ${store}`,
    socket,
    cpuSeconds: () => cpuSecondsOf(child.pid!),
    memory: () => memoryOf(child.pid!),
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function fill(socket: string): Promise<void> {
  await withKcm(socket, async kcm => {
    await kcm.call(KCM.INITIALIZE, { name, principal: client });
    await kcm.call(KCM.STORE, { name, credential: ticket(tgsPrincipal('A.TEST')) });
    for (let i = 1; i < TICKETS; i++) await kcm.call(KCM.STORE, { name, credential: service(i) });
  });
}

/** Has the servers do the same in turn; `run` gives how often it was done. */
async function compare(
  work: string,
  servers: readonly Server[],
  run: (server: Server) => Promise<number>,
): Promise<Row> {
  const rates: number[][] = servers.map(() => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, server] of servers.entries()) {
      const before = server.cpuSeconds();
      const done = await run(server);
      const rate = done / (server.cpuSeconds() - before);
      if (round >= 0) rates[i]!.push(rate);
    }
  }
  const cells = servers.map(({ title }, i) => [title, Math.round(median(rates[i]!))]);
  const theirs = rates[servers.findIndex(({ title }) => title === HEIMDAL)];
  const ratios = rates.flatMap((ours, i) =>
    theirs === undefined || ours === theirs
      ? []
      : [[timesHeimdals(servers[i]!.title), median(ours.map((rate, at) => rate / theirs[at]!))]],
  );
  return Object.fromEntries([['work', work], ...cells, ...ratios]);
}

function timesHeimdals(title: string): string {
  return `${title}: times ${HEIMDAL}`;
}

/** How many answers so many clients got, who ask one thing after the other on a connection each. */
async function ask({ socket }: Server, requests: readonly Uint8Array[]): Promise<number> {
  const over = performance.now() + SECONDS * 1000;
  const counts = await Promise.all(
    Array.from({ length: CLIENTS }, async () => askUntil(over, await open(socket), requests)),
  );
  return counts.reduce((sum, done) => sum + done, 0);
}

function askUntil(over: number, socket: Socket, requests: readonly Uint8Array[]): Promise<number> {
  const frames = new KcmFrames('replies');
  let done = 0;
  return new Promise((resolve, reject) => {
    const askNext = (): void => void socket.write(requests[done % requests.length]!);
    socket.on('error', reject).on('data', chunk => {
      frames.push(chunk);
      if (frames.next() === undefined) return;
      done++;
      if (performance.now() < over) return askNext();
      socket.destroy();
      resolve(done);
    });
    askNext();
  });
}

async function open(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

/** With a connection each: what MIT's client asks, which Heimdal's daemon answers in 53 requests. */
async function wholeKlists({ socket: kcmSocket }: Server): Promise<number> {
  const cache = kcmType.resolve('', { dataDirectory: '/nonexistent', keychain: never, kcmSocket });
  const over = performance.now() + SECONDS * 1000;
  let done = 0;
  for (; performance.now() < over; done++) await cache.load();
  return done;
}

function never(): never {
  throw new TypeError('no keychain is needed here');
}
