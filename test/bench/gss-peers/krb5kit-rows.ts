import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createClient } from 'redis';
import { acceptApReq } from '../../../src/ap/acceptor.ts';
import { createApReq } from '../../../src/ap/initiator.ts';
import { createOpenedTickets } from '../../../src/ap/opened-tickets.ts';
import type { ReplayCache } from '../../../src/ap/replay-cache.ts';
import { fileReplayCache } from '../../../src/ap/replay-file.ts';
import { createMemoryReplayCache } from '../../../src/ap/replay-memory.ts';
import { redisReplayCache } from '../../../src/ap/replay-redis.ts';
import { CcacheFile } from '../../../src/ccache/file/format.ts';
import { createAcceptor } from '../../../src/gss/acceptor.ts';
import type { SecurityContext } from '../../../src/gss/context.ts';
import { createInitiator } from '../../../src/gss/initiator.ts';
import { negotiateServer } from '../../../src/http/negotiate-server.ts';
import { fileKeytab } from '../../../src/keytab/file.ts';
import { KeytabFile } from '../../../src/keytab/file-format.ts';
import { formatPrincipal } from '../../../src/messages/principal.ts';
import type { GssLab } from '../gss-lab.ts';
import { answerRows, type BenchRow } from './rows.mjs';

const lab: GssLab = JSON.parse(process.argv[2]!);
const keytab = KeytabFile.decode(readFileSync(lab.keytab));
const credential = CcacheFile.decode(readFileSync(lab.ccache)).credentials.find(
  ({ server }) => formatPrincipal(server) === lab.service,
)!;

const memory = createMemoryReplayCache();

async function pair(): Promise<readonly [SecurityContext, SecurityContext]> {
  const initiator = createInitiator(credential);
  const acceptor = createAcceptor({ keytab, replayCache: memory });
  await initiator.step(await acceptor.step(await initiator.step()));
  return [initiator, acceptor];
}

const rows: Record<string, BenchRow> = {
  initiate: { once: () => createInitiator(credential).step() },
  'ap-none': apReqRow(undefined),
  'ap-usual': apReqRow(memory),
  'ap-file': apReqRow(fileReplayCache(join(lab.folder, 'replays'))),
  'ap-opened': apReqRow(memory, { openedTickets: createOpenedTickets() }),
  accept: {
    prepare: () => createInitiator(credential).step(),
    once: (token: Uint8Array) => createAcceptor({ keytab, replayCache: memory }).step(token),
  },
  pair: { once: pair },
};

if (process.argv[3] === 'http') serve();
else {
  if (lab.redisPort !== undefined) {
    const client = createClient({ url: `redis://127.0.0.1:${lab.redisPort}` });
    await client.connect();
    rows['ap-redis'] = apReqRow(redisReplayCache(client));
  }
  const [initiator, acceptor] = await pair();
  for (const size of [1024, 65536]) {
    const message = new Uint8Array(size);
    rows[`wrap-${size}`] = { once: () => void acceptor.unwrap(initiator.wrap(message)) };
  }
  await answerRows(rows);
  process.exit();
}

function apReqRow(replayCache: ReplayCache | undefined, options = {}): BenchRow {
  const wishes = { mutual: true, subkey: true, sequenceNumber: true };
  return {
    prepare: () => createApReq(credential, wishes).apReq,
    once: (apReq: Uint8Array) => acceptApReq(apReq, { keytab, replayCache, ...options }),
  };
}

/** Tells its port, and each client who it is. */
function serve(): void {
  const negotiate = negotiateServer({ keytab: fileKeytab(lab.keytab) });
  const server = createServer(negotiate((_, response, { name }) => response.end(name)));
  server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
}
