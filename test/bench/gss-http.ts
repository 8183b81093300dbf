import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { cpuSecondsOf } from '../support/heimdal-kcm.ts';
import type { GssLab } from './gss-lab.ts';
import { median, type Row } from './measure.ts';

const SERVERS = ['krb5kit', 'npm kerberos'];
const ROUNDS = 5;
const REQUESTS = 2000;
const CONNECTIONS = 8;

interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
}

/** What a request costs a web server of Node's that authenticates each by Negotiate, in µs of CPU. */
export async function requestsOverHttp(
  lab: GssLab,
  commands: ReadonlyMap<string, readonly string[]>,
): Promise<Row> {
  const servers: Server[] = [];
  for (const name of SERVERS) {
    const command = commands.get(name);
    if (command !== undefined) servers.push(await start(name, command, lab.env));
  }
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  try {
    const costs = servers.map(() => [] as number[]);
    for (let round = -1; round < ROUNDS; round++) {
      for (const [i, server] of servers.entries()) {
        const cost = await ask(server, await makeTokens(lab), agent);
        if (round >= 0) costs[i]!.push(cost);
      }
    }
    const [own, other] = costs;
    return {
      work: 'a request to a web server, mutual, each on its own',
      ...Object.fromEntries(servers.map(({ name }, i) => [name, median(costs[i]!)])),
      ...(other && { [`times ${SERVERS[1]}`]: median(other.map((cost, i) => cost / own![i]!)) }),
    };
  } finally {
    agent.destroy();
    for (const { child } of servers) child.kill();
  }
}

async function start(
  name: string,
  [program, ...args]: readonly string[],
  env: GssLab['env'],
): Promise<Server> {
  const child = spawn(program!, [...args, 'http'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout!, 'data');
  return { name, child, port: Number(port) };
}

async function makeTokens({ ccache, service }: GssLab): Promise<string[]> {
  const { credentials } = CcacheFile.decode(readFileSync(ccache));
  const credential = credentials.find(({ server }) => formatPrincipal(server) === service)!;
  const tokens: string[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const token = await createInitiator(credential).step();
    tokens.push(`Negotiate ${Buffer.from(token!).toString('base64')}`);
  }
  return tokens;
}

async function ask({ name, child, port }: Server, tokens: readonly string[], agent: Agent): Promise<number> {
  const before = cpuSecondsOf(child.pid!);
  const waiting = [...tokens];
  const client = async (): Promise<void> => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
      const request = get({ port, host: '127.0.0.1', agent, headers: { authorization: token } });
      const [response] = await once(request, 'response');
      response.resume();
      await once(response, 'end');
      if (response.statusCode !== 200) throw new Error(`${name} answered ${response.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  return ((cpuSecondsOf(child.pid!) - before) * 1e6) / tokens.length;
}
