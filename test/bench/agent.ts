import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { isAnswered } from '../../src/agent/listen.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import { withKcm } from '../../src/ccache/kcm-connection.ts';
import { KcmFrames } from '../../src/ccache/kcm-frames.ts';
import { MATCH } from '../../src/ccache/kcm-match.ts';
import { encodeRequest, KCM } from '../../src/ccache/kcm-protocol.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { cpuSecondsOf, memoryOf, startHeimdalKcm } from '../support/heimdal-kcm.ts';
import { findProgram } from '../support/peers.ts';
import type { Row } from './measure.ts';

const client = parsePrincipal('alice@A.TEST');
const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 36_000_000);
const name = String(process.getuid!());
const TICKETS = 50;
const CLIENTS = 8;
const SECONDS = 2;

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

/** What one run of a program asks, and the requests that change something. */
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

async function startOurs(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  const script = join(directory, 'agent.cjs');
  buildSync({
    stdin: {
      contents: `import { agent } from './agent.ts'; import { main } from './main.ts'; main(agent, ['--memory']);`,
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
  const env = { KRB5KIT_HOME: directory, KRB5_CONFIG: '/nonexistent', PATH: '/usr/bin:/bin' };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const socket = join(directory, 'agent', '.heim_org.h5l.kcm-socket');
  while (!(await isAnswered(socket))) await sleep(20);
  return {
    title: 'ours, memory',
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

export default {
  title: `Agent: requests per second of its processor time and in all, ${CLIENTS} clients, a cache of ${TICKETS} tickets`,
  async run(): Promise<Row[]> {
    const servers = [await startOurs()];
    if (findProgram('/opt/heimdal/usr/sbin/kcm') !== undefined) {
      servers.push({ title: "Heimdal's kcm", ...(await startHeimdalKcm()) });
    }
    const rows: Row[] = [];
    for (const server of servers) {
      await fill(server.socket);
      for (const [work, requests] of Object.entries(works)) rows.push(await measure(server, work, requests));
      rows.push(await measureKlist(server));
      // Last, as Heimdal keeps what it should have replaced.
      rows.push(
        await measure(server, 'replace a ticket', [encodeRequest(KCM.STORE, { name, credential: wanted })]),
      );
      await server.stop();
    }
    return rows;
  },
};

async function fill(socket: string): Promise<void> {
  await withKcm(socket, async kcm => {
    await kcm.call(KCM.INITIALIZE, { name, principal: client });
    await kcm.call(KCM.STORE, { name, credential: ticket(tgsPrincipal('A.TEST')) });
    for (let i = 1; i < TICKETS; i++) await kcm.call(KCM.STORE, { name, credential: service(i) });
  });
}

async function measure(server: Server, work: string, requests: readonly Uint8Array[]): Promise<Row> {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => open(server.socket)));
  const row = await perCpuSecond(server, work, seconds => count(clients, requests, seconds));
  for (const socket of clients) socket.destroy();
  return row;
}

/** A whole `klist`, with a connection of its own: what MIT's client asks, which Heimdal's daemon answers in 53 requests. */
function measureKlist(server: Server): Promise<Row> {
  const environment = { dataDirectory: '/nonexistent', keychain: never, kcmSocket: server.socket };
  const cache = kcmType.resolve('', environment);
  return perCpuSecond(server, `whole klist of ${TICKETS} tickets`, async seconds => {
    const over = performance.now() + seconds * 1000;
    let done = 0;
    for (; performance.now() < over; done++) await cache.load();
    return done;
  });
}

function never(): never {
  throw new TypeError('no keychain is needed here');
}

async function perCpuSecond(
  server: Server,
  work: string,
  run: (seconds: number) => Promise<number>,
): Promise<Row> {
  await run(SECONDS / 4);
  const cpu = server.cpuSeconds();
  const done = await run(SECONDS);
  const used = server.cpuSeconds() - cpu;
  return {
    server: server.title,
    work,
    'per CPU-second': Math.round(done / used),
    'per second': Math.round(done / SECONDS),
    'memory, MB': server.memory() / 2 ** 20,
  };
}

async function count(
  clients: readonly Socket[],
  requests: readonly Uint8Array[],
  seconds: number,
): Promise<number> {
  const over = performance.now() + seconds * 1000;
  const counts = await Promise.all(
    clients.map(async socket => {
      const frames = new KcmFrames('replies');
      let done = 0;
      while (performance.now() < over) {
        for (const request of requests) {
          socket.write(request);
          while (frames.next() === undefined) frames.push((await once(socket, 'data'))[0]);
          done++;
        }
      }
      return done;
    }),
  );
  return counts.reduce((sum, done) => sum + done, 0);
}

async function open(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}
