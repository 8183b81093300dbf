import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as wait } from 'node:timers/promises';
import { asRequests, type Server, startServers } from './kdc.ts';
import { type Line, median, type Row } from './measure.ts';

export const PER_SECOND = 2000;
const ROUNDS = 5;
/** What has not been answered so many milliseconds after the last request is lost. */
const PATIENCE = 1000;
const MIT = 'MIT krb5kdc';
export const P50_TIMES_MIT = `p50, times ${MIT}'s`;
export const P99_TIMES_MIT = `p99, times ${MIT}'s`;

export default {
  title: `How long the KDC takes for an AS-REQ over UDP, of ${PER_SECOND} a second: ms, medians of ${ROUNDS} rounds in turn`,
  lines: [{ cells: { KDC: 'krb5kit' }, column: P50_TIMES_MIT, better: 'lower', bound: 1 }] satisfies Line[],
  async run(): Promise<Row[]> {
    const servers = await startServers(18);
    try {
      return await compareTimes(servers, server => asRequests(server, 18));
    } finally {
      await Promise.all(servers.map(server => server.stop()));
    }
  },
};

/** How long the servers, in turn, take for each of the same kind of requests. */
export async function compareTimes(
  servers: readonly Server[],
  make: (server: Server) => Promise<Uint8Array[]>,
): Promise<Row[]> {
  const rounds = servers.map(() => [] as Times[]);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, server] of servers.entries()) {
      const times = await ask(server, await make(server));
      if (round >= 0) rounds[i]!.push(times);
    }
  }
  const mits = rounds[servers.findIndex(({ title }) => title === MIT)];
  return servers.map(({ title }, i) => ({
    KDC: title,
    p50: median(rounds[i]!.map(({ p50 }) => p50)),
    p99: median(rounds[i]!.map(({ p99 }) => p99)),
    lost: rounds[i]!.reduce((sum, { lost }) => sum + lost, 0),
    ...(mits === undefined || title === MIT ? {} : timesOf(rounds[i]!, mits)),
  }));
}

function timesOf(rounds: readonly Times[], mits: readonly Times[]): Row {
  const ratio = (time: 'p50' | 'p99'): number =>
    median(rounds.map((each, round) => each[time] / mits[round]![time]));
  return { [P50_TIMES_MIT]: ratio('p50'), [P99_TIMES_MIT]: ratio('p99') };
}

interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly lost: number;
}

async function ask(server: Server, requests: readonly Uint8Array[]): Promise<Times> {
  const sockets = Array.from({ length: 64 }, () => createSocket('udp4'));
  try {
    return await askOver(sockets, server.port, requests);
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** Each socket gets its answers in the order that it has asked in. */
async function askOver(
  sockets: readonly Socket[],
  port: number,
  requests: readonly Uint8Array[],
): Promise<Times> {
  const asked = sockets.map(() => [] as number[]);
  const took: number[] = [];
  for (const [i, socket] of sockets.entries()) {
    socket.on('message', () => took.push(performance.now() - asked[i]!.shift()!));
  }
  const start = performance.now();
  for (let sent = 0; sent < requests.length; ) {
    const due = Math.floor(((performance.now() - start) * PER_SECOND) / 1000);
    for (; sent < Math.min(due, requests.length); sent++) {
      const i = sent % sockets.length;
      asked[i]!.push(performance.now());
      sockets[i]!.send(requests[sent]!, port, '127.0.0.1');
    }
    await new Promise(setImmediate);
  }
  for (let waited = 0; waited < PATIENCE && took.length < requests.length; waited += 10) await wait(10);
  took.sort((a, b) => a - b);
  const at = (part: number): number => took[Math.floor(took.length * part)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), lost: requests.length - took.length };
}
