import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { importKey, randomKey } from '../../src/crypto/key.ts';
import { masterKeyOfStash } from '../../src/kdc/dump/master.ts';
import { formatMitDump } from '../../src/kdc/dump/mit.ts';
import { createDurableDatabase, openDurableDatabase } from '../../src/kdc/store/open.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import { freePort } from '../support/free-port.ts';
import { type MitKdc, startMitKdc } from '../support/mit-kdc.ts';
import { findProgram, peer } from '../support/peers.ts';
import { asRequest, compare, end, REQUESTS, type Server } from './kdc.ts';
import { compareTimes, P50_TIMES_MIT, P99_TIMES_MIT, PER_SECOND } from './kdc-latency.ts';
import type { Line, Row } from './measure.ts';

const PRINCIPALS = 100_000;
const REALM = 'MANY.TEST';
const ETYPE = 18;
const WORK = `AS, one of ${PRINCIPALS} principals at random`;

export default {
  title: `A KDC of ${PRINCIPALS} principals in a durable database, beside krb5kdc with the same ones: AS-REQs per CPU-second, and ms for each of ${PER_SECOND} a second`,
  lines: [
    { cells: { work: WORK }, column: 'times MIT krb5kdc', better: 'higher', bound: 1 },
    { cells: { KDC: 'krb5kit' }, column: P50_TIMES_MIT, better: 'lower', bound: 1 },
    { cells: { KDC: 'krb5kit' }, column: P99_TIMES_MIT, better: 'lower', bound: 3 },
  ] satisfies Line[],
  async run(): Promise<Row[]> {
    const dir = mkdtempSync(join(tmpdir(), 'kdc-many-'));
    try {
      return await withRealm(dir);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

async function withRealm(dir: string): Promise<Row[]> {
  const file = join(dir, 'principals');
  const keys = await makeRealm(file);
  const servers: Server[] = [await startOwn(file)];
  try {
    if (peer('mit-kdc').available) servers.push(await startMit(file));
    const make = async (): Promise<Uint8Array[]> => requests(keys);
    return [await compare(WORK, servers, make), ...(await compareTimes(servers, make))];
  } finally {
    await Promise.all(servers.map(server => server.stop()));
  }
}

/** The keys of the principals, one after the other. */
async function makeRealm(file: string): Promise<Uint8Array> {
  const database = await createDurableDatabase(file, { realm: REALM, enctypes: [ETYPE], keychain });
  const keys = Array.from({ length: PRINCIPALS }, () => randomKey(ETYPE));
  database.change(() => {
    for (const [i, key] of keys.entries()) database.add(principal(i), { keys: [key] });
  });
  await database.close();
  return Buffer.concat(keys.map(({ bytes }) => bytes));
}

function principal(i: number): Principal {
  return parsePrincipal(`user${i}@${REALM}`);
}

/** The master key is in a stash. */
function keychain(): never {
  throw new Error('there is no keychain');
}

function requests(keys: Uint8Array): Uint8Array[] {
  const { length } = randomKey(ETYPE).bytes;
  return Array.from({ length: REQUESTS }, () => {
    const i = Math.floor(Math.random() * PRINCIPALS);
    return asRequest(principal(i), importKey(ETYPE, keys.subarray(i * length, (i + 1) * length)));
  });
}

async function startOwn(file: string): Promise<Server> {
  const port = await freePort();
  const args = ['kdc', '--database', file, '--port', `${port}`, '--quiet'];
  const child = spawn(process.execPath, [resolve('bin/krb5kit'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { title: 'krb5kit', realm: REALM, port, pid: child.pid!, stop: () => end(child) };
}

/** Its own principals give way to those of the file. */
async function startMit(file: string): Promise<Server> {
  const kdc = await startMitKdc({
    name: REALM,
    realm: ['database_module = plain'],
    sections: '[dbmodules]\n  plain = {\n    disable_last_success = true\n    disable_lockout = true\n  }\n',
  });
  try {
    await load(file, kdc);
  } catch (error) {
    await kdc.stop();
    throw error;
  }
  return { title: 'MIT krb5kdc', realm: REALM, port: kdc.port, pid: kdc.pid, stop: kdc.stop };
}

async function load(file: string, { dir, env }: MitKdc): Promise<void> {
  const database = await openDurableDatabase(file, { keychain });
  const now = new Date();
  const master = await masterKeyOfStash(join(dir, 'stash'), REALM, now);
  const policy = database.realm(REALM)!;
  const dump = formatMitDump(database.principals(), { realm: REALM, policy, master, now });
  await database.close();
  writeFileSync(join(dir, 'dump'), dump.bytes);
  const { status, stderr } = spawnSync(findProgram('kdb5_util')!, ['-r', REALM, 'load', join(dir, 'dump')], {
    env: { ...env, KRB5_KDC_PROFILE: join(dir, 'kdc.conf') },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}
