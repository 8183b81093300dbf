import { createSocket, type Socket } from 'node:dgram';
import { asRequests, type Server, startServers } from './kdc.ts';
import { type Line, median, type Row } from './measure.ts';

export const PER_SECOND = 2000;
const ROUNDS = 9;
/** Milliseconds after which a request, or its answer, is lost: a client would send it again. It counts as taking that long. */
const PATIENCE = 1000;
/** Milliseconds that the sender may be late, because others use the processor, before it gives up what it has missed. */
const LATE = 5;
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

/** Sends at even distances; where the sender was held up, it goes on from there, as a burst would measure the burst. */
async function ask({ port }: Server, requests: readonly Uint8Array[]): Promise<Times> {
  const carriers = createCarriers(port);
  const took: number[] = [];
  let lost = 0;
  const distance = 1000 / PER_SECOND;
  let due = performance.now();
  try {
    for (const request of requests) {
      while (performance.now() < due) await new Promise(setImmediate);
      carriers.carry(request, time => {
        if (time === undefined) lost++;
        took.push(time ?? PATIENCE);
      });
      due = Math.max(due, performance.now() - LATE) + distance;
    }
    while (took.length < requests.length) await new Promise(setImmediate);
  } finally {
    carriers.close();
  }
  took.sort((a, b) => a - b);
  const at = (part: number): number => took[Math.floor(took.length * part)]!;
  return { p50: at(0.5), p99: at(0.99), lost };
}

interface Carriers {
  /** Tells in how many milliseconds a request was answered; undefined if it was not. */
  carry(request: Uint8Array, done: (time: number | undefined) => void): void;
  close(): void;
}

/** Sockets that each have one request under way, so that an answer is nobody else's. */
function createCarriers(port: number): Carriers {
  const free: Socket[] = [];
  const all = new Set<Socket>();

  function open(): Socket {
    const socket = createSocket('udp4');
    all.add(socket);
    return socket;
  }

  function discard(socket: Socket): void {
    all.delete(socket);
    socket.close();
  }

  return {
    carry(request, done) {
      const socket = free.pop() ?? open();
      const start = performance.now();
      const overdue = setTimeout(() => {
        // What comes too late must not be taken for the answer to another one.
        discard(socket);
        done(undefined);
      }, PATIENCE);
      socket.once('message', () => {
        clearTimeout(overdue);
        free.push(socket);
        done(performance.now() - start);
      });
      socket.send(request, port, '127.0.0.1');
    },
    close() {
      for (const socket of all) socket.close();
    },
  };
}
