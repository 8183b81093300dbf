import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { getInitialCredential } from '../../src/client/initial.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import type { Key } from '../../src/crypto/key.ts';
import { randomNonce } from '../../src/crypto/random.ts';
import { stringToKey } from '../../src/crypto/string-to-key.ts';
import { createKdc } from '../../src/kdc/kdc.ts';
import { createDatabase } from '../../src/kdc/memory-database.ts';
import { fileKeytab } from '../../src/keytab/file.ts';
import { findKey } from '../../src/keytab/find.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { AsRep, TgsRep } from '../../src/messages/kdc-rep.ts';
import { AsReq, KdcReqBody } from '../../src/messages/kdc-req.ts';
import { isKrbError, KdcError, KrbError } from '../../src/messages/krb-error.ts';
import { KU_AS_REQ_PA_ENC_TS, PA_ENC_TIMESTAMP } from '../../src/messages/numbers.ts';
import { PaEncTsEnc } from '../../src/messages/preauth-data.ts';
import {
  type Principal,
  parsePrincipal,
  tgsPrincipal,
  toPrincipalName,
} from '../../src/messages/principal.ts';
import { seal, toKey } from '../../src/messages/seal.ts';
import { EncryptedData } from '../../src/messages/types.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { freePort } from '../support/free-port.ts';
import { cpuSecondsOf } from '../support/heimdal-kcm.ts';
import { startHeimdalKdc } from '../support/heimdal-kdc.ts';
import { startMitKdc } from '../support/mit-kdc.ts';
import { peer } from '../support/peers.ts';
import { type Line, median, type Row } from './measure.ts';

const ENCTYPES = { 18: 'aes256-cts-hmac-sha1-96', 20: 'aes256-cts-hmac-sha384-192' } as const;
type Etype = 18 | 20;
/** Requests per round, each unlike all others: a KDC that has seen one answers it from memory. */
export const REQUESTS = 4000;
const ROUNDS = 5;
/** Datagrams under way, well below what a socket's buffer holds. */
const WINDOW = 24;

export interface Server {
  readonly title: string;
  readonly realm: string;
  readonly port: number;
  readonly pid: number;
  /** Brings a ticket-granting ticket with a PAC where the server itself makes none. */
  readonly login?: (() => Promise<Credential>) | undefined;
  stop(): Promise<void>;
}

export default {
  title: `Requests per CPU-second of the KDC over UDP, ${REQUESTS} distinct ones a round, median of ${ROUNDS} rounds in turn`,
  lines: [
    line('AS, encrypted timestamp', 18, 'MIT krb5kdc', 1.5),
    line('AS, encrypted timestamp', 20, 'MIT krb5kdc', 1.5),
    line('AS, encrypted timestamp', 18, 'Heimdal kdc', 2.5),
    line('TGS with a PAC', 18, 'MIT krb5kdc', 1.3),
    line('TGS with a PAC', 20, 'MIT krb5kdc', 1.3),
    line('TGS with a PAC', 18, 'Heimdal kdc', 2.5),
  ],
  async run(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const etype of [18, 20] as const) rows.push(...(await withServers(etype)));
    return rows;
  },
};

function line(exchange: string, etype: Etype, peer: string, bound: number): Line {
  const cells = { work: `${exchange}, ${ENCTYPES[etype]}` };
  return { cells, column: `times ${peer}`, better: 'higher', bound };
}

async function withServers(etype: Etype): Promise<Row[]> {
  const servers = await startServers(etype);
  try {
    return [
      await compare(`AS, encrypted timestamp, ${ENCTYPES[etype]}`, servers, server =>
        asRequests(server, etype),
      ),
      await compare(`TGS with a PAC, ${ENCTYPES[etype]}`, servers, server => tgsRequests(server, etype)),
    ];
  } finally {
    await Promise.all(servers.map(server => server.stop()));
  }
}

export async function startServers(etype: Etype): Promise<Server[]> {
  const servers: Server[] = [await startOwn(etype)];
  if (peer('mit-kdc').available) servers.push(await startMit(etype));
  // Heimdal 7.8 has no enctypes of RFC 8009 for its principals.
  if (etype === 18 && peer('heimdal-kdc').available) servers.push(await startHeimdal());
  return servers;
}

async function startOwn(etype: Etype): Promise<Server> {
  const port = await freePort();
  const realm = 'BENCH.TEST';
  const args = [
    '--realm',
    realm,
    '--user',
    'alice:alicepw',
    '--service',
    'HTTP/localhost',
    '--port',
    `${port}`,
  ];
  const child = spawn(
    process.execPath,
    [resolve('bin/krb5kit'), 'kdc', ...args, '--enctypes', ENCTYPES[etype], '--quiet'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  return { title: 'krb5kit', realm, port, pid: child.pid!, stop: () => end(child) };
}

export async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function startMit(etype: Etype): Promise<Server> {
  const kdc = await startMitKdc({
    enctypes: `${ENCTYPES[etype]}:normal`,
    realm: ['database_module = plain'],
    sections: '[dbmodules]\n  plain = {\n    disable_last_success = true\n    disable_lockout = true\n  }\n',
  });
  return { title: 'MIT krb5kdc', realm: kdc.realm, port: kdc.port, pid: kdc.pid, stop: kdc.stop };
}

/** It makes no PAC, but verifies the one of a ticket, and signs it for the next: it is given one, as AD would make it. */
async function startHeimdal(): Promise<Server> {
  const realm = 'H.TEST';
  const { keytab, port, pid, stop } = await startHeimdalKdc({
    enctypes: [ENCTYPES[18]],
    keys: [`krbtgt/${realm}`],
  });
  const login = async (): Promise<Credential> => {
    const transport = await standIn(realm, keytab);
    return logInBy(transport, realm, 18);
  };
  return { title: 'Heimdal kdc', realm, port, pid, login, stop };
}

/** A KDC of ours, with the key of another's ticket-granting service. */
async function standIn(realm: string, keytab: string): Promise<Transport> {
  const tgs = tgsPrincipal(realm);
  const { key, kvno } = findKey(await fileKeytab(keytab).entries(), tgs, { etype: 18 })!;
  const database = createDatabase({ enctypes: [18] });
  database.addRealm(realm);
  database.addKeys(tgs, { keys: [toKey(key)] }, { kvno, keep: 1 });
  database.add(parsePrincipal(`alice@${realm}`), { password: 'alicepw' });
  const kdc = createKdc({ database, realm });
  return async (_, request) => kdc.handle(request)!;
}

/** Has the servers answer the same kind of requests in turn. */
export async function compare(
  work: string,
  servers: readonly Server[],
  make: (server: Server) => Promise<Uint8Array[]>,
): Promise<Row> {
  const rates: number[][] = servers.map(() => []);
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, server] of servers.entries()) {
      const requests = await make(server);
      const before = cpuSecondsOfAll(server.pid);
      await askAll(server, requests);
      const rate = requests.length / (cpuSecondsOfAll(server.pid) - before);
      if (round >= 0) rates[i]!.push(rate);
    }
  }
  const cells = servers.map(({ title }, i) => [title, Math.round(median(rates[i]!))]);
  const [ours, ...others] = rates;
  const ratios = others.map((theirs, i) => [
    `times ${servers[i + 1]!.title}`,
    median(ours!.map((rate, at) => rate / theirs[at]!)),
  ]);
  return Object.fromEntries([['work', work], ...cells, ...ratios]);
}

export async function asRequests({ realm }: Server, etype: Etype): Promise<Uint8Array[]> {
  const client = parsePrincipal(`alice@${realm}`);
  const key = stringToKey(etype, 'alicepw', `${realm}alice`);
  return Array.from({ length: REQUESTS }, () => asRequest(client, key));
}

/** One with an encrypted timestamp of now, and a nonce of its own. */
export function asRequest(client: Principal, key: Key): Uint8Array {
  const now = new Date();
  const time = { patimestamp: now, pausec: (now.getTime() % 1000) * 1000 };
  const padataValue = EncryptedData.encode(seal(PaEncTsEnc, time, key, KU_AS_REQ_PA_ENC_TS));
  const reqBody = KdcReqBody.encode({
    kdcOptions: 0x40000010,
    cname: toPrincipalName(client),
    realm: client.realm,
    sname: toPrincipalName(tgsPrincipal(client.realm)),
    till: new Date(Math.floor(now.getTime() / 1000) * 1000 + 36_000_000),
    nonce: randomNonce(),
    etype: [key.etype],
  });
  return AsReq.encode({ padata: [{ padataType: PA_ENC_TIMESTAMP, padataValue }], reqBody });
}

async function tgsRequests(server: Server, etype: Etype): Promise<Uint8Array[]> {
  const tgt = await (server.login?.() ?? logIn(server, etype));
  const service = parsePrincipal(`HTTP/localhost@${server.realm}`);
  const requests: Uint8Array[] = [];
  const transport = async (_: string, request: Uint8Array): Promise<Uint8Array> => {
    requests.push(request);
    throw new Error('enough');
  };
  for (let i = 0; i < REQUESTS; i++) {
    await exchangeTgs(tgt, service, { kdcOptions: 0 }, { transport, enctypes: [etype] }).catch(
      () => undefined,
    );
  }
  return requests;
}

function logIn({ realm, port }: Server, etype: Etype): Promise<Credential> {
  return logInBy((_, request) => askOne(port, request), realm, etype);
}

async function logInBy(transport: Transport, realm: string, etype: Etype): Promise<Credential> {
  const { credential } = await getInitialCredential(
    parsePrincipal(`alice@${realm}`),
    { password: async () => 'alicepw' },
    { transport, enctypes: [etype] },
  );
  return credential;
}

async function askOne(port: number, request: Uint8Array): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  try {
    socket.send(request, port, '127.0.0.1');
    const [reply] = await once(socket, 'message');
    return reply;
  } finally {
    socket.close();
  }
}

/** Sends all requests, a few at a time; each must be answered with a ticket. */
async function askAll({ port }: Server, requests: readonly Uint8Array[]): Promise<void> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  try {
    await askOver(socket, port, requests);
  } finally {
    socket.close();
  }
}

function askOver(socket: Socket, port: number, requests: readonly Uint8Array[]): Promise<void> {
  let sent = 0;
  let answered = 0;
  const next = (): void => {
    if (sent < requests.length) socket.send(requests[sent++]!, port, '127.0.0.1');
  };
  return new Promise((done, fail) => {
    const overdue = setTimeout(() => fail(new Error(`${answered} of ${requests.length} answers`)), 60_000);
    socket.on('error', fail).on('message', reply => {
      if (reply[0] !== AsRep.tags[0] && reply[0] !== TgsRep.tags[0]) fail(refused(reply));
      next();
      if (++answered < requests.length) return;
      clearTimeout(overdue);
      done();
    });
    for (let i = 0; i < WINDOW; i++) next();
  });
}

function refused(reply: Uint8Array): Error {
  return isKrbError(reply) ? new KdcError(KrbError.decode(reply)) : new Error('an answer is no reply');
}

/** Of a process and its children: Heimdal's kdc has others do its work. */
function cpuSecondsOfAll(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.map(Number)].reduce((sum, one) => sum + cpuSecondsOf(one), 0);
}
