import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CacheContents, Ccache } from '../../src/ccache/ccache.ts';
import { encodeCredential } from '../../src/ccache/file/credential-bytes.ts';
import { openKeychain } from '../../src/ccache/keychain/open.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { peer } from '../support/peers.ts';
import { type SecretServiceSession, startSecretService } from '../support/secret-service.ts';
import { type Line, median, type Row } from './measure.ts';
import { contentsOf } from './tickets.ts';

const TICKETS = 50;
const ROUNDS = 7;

export default {
  title: `A KEYCHAIN cache of ${TICKETS} tickets in one process, in turn with a keychain item per ticket; medians of ${ROUNDS} runs in ms`,
  lines: [
    { cells: { work: 'save and load' }, column: 'faster', better: 'higher', bound: 10 },
  ] satisfies Line[],
  async run(): Promise<Row[]> {
    const { available, reason } = peer('secret-service');
    if (!available) return [{ work: `skipped: ${reason}` }];
    const session = await startSecretService();
    try {
      return await measure(session);
    } finally {
      await session.stop();
    }
  },
};

/** The other way to keep tickets in a keychain: an item for each. */
const ITEM_PER_TICKET = `
const keytar = require('keytar');
process.once('message', async ({ tickets, rounds }) => {
  const times = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    for (const [i, ticket] of tickets.entries()) await keytar.setPassword('krb5kit-bench', 'ticket' + i, ticket);
    const saved = performance.now();
    for (const i of tickets.keys()) await keytar.getPassword('krb5kit-bench', 'ticket' + i);
    times.push({ save: saved - start, load: performance.now() - saved });
  }
  process.send(times.slice(1), () => process.exit());
});
`;

interface SaveAndLoad {
  readonly save: number;
  readonly load: number;
}

async function measure(session: SecretServiceSession): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
  try {
    const contents = contentsOf(TICKETS);
    const environment = { dataDirectory: directory, keychain: () => openKeychain(session.environment) };
    const cache = await resolveCcache('KEYCHAIN:alice@A.TEST', environment);
    const first = await saveAndLoad(cache, contents);
    const ours: SaveAndLoad[] = [];
    const theirs: SaveAndLoad[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await saveAndLoad(cache, contents));
      theirs.push(...(await itemPerTicket(contents, session)));
    }
    await cache.destroy();
    const other = 'an item per ticket';
    const row = (work: string, time: (times: SaveAndLoad) => number): Row => {
      const [one, another] = [median(ours.map(time)), median(theirs.map(time))];
      return { work, krb5kit: one, [other]: another, faster: another / one };
    };
    return [
      { work: 'first save, which makes the key', krb5kit: first.save },
      row('save', ({ save }) => save),
      row('load', ({ load }) => load),
      row('save and load', ({ save, load }) => save + load),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function saveAndLoad(cache: Ccache, contents: CacheContents): Promise<SaveAndLoad> {
  const start = performance.now();
  await cache.initialize(contents);
  const saved = performance.now();
  await cache.load();
  return { save: saved - start, load: performance.now() - saved };
}

/** In a process of the session, once warm. */
function itemPerTicket(
  { credentials }: CacheContents,
  { environment }: SecretServiceSession,
): Promise<readonly SaveAndLoad[]> {
  const env = { ...environment, NODE_PATH: fileURLToPath(new URL('../../node_modules', import.meta.url)) };
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    const child = spawn(process.execPath, ['-e', ITEM_PER_TICKET], { env, stdio: [...stdio] });
    child.once('error', reject).once('message', times => resolve(times as readonly SaveAndLoad[]));
    child.once('exit', status => reject(new Error(`keytar ended with ${status}`)));
    const tickets = credentials.map(credential =>
      Buffer.from(encodeCredential(credential)).toString('base64'),
    );
    child.send({ tickets, rounds: 1 });
  });
}
