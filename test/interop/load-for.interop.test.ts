import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ccache } from '../../src/ccache/ccache.ts';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { kcmType } from '../../src/ccache/kcm.ts';
import { keyringType } from '../../src/ccache/keyring.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { environment } from '../ccache/samples.ts';
import { alice, credential, tgt } from '../ccache/tickets.ts';
import { startTestAgent } from '../support/agent.ts';
import { startHeimdalKcm } from '../support/heimdal-kcm.ts';
import { useKeyringLab } from '../support/keyring-lab.ts';
import { describePeer } from '../support/peers.ts';

const endtime = new Date((Math.floor(Date.now() / 1000) + 3600) * 1000);
const ticket = (server: string) => credential(server, { endtime });
const host = ticket('host/a b\\/c@A.TEST');
const other = { ...host, key: { keytype: 17, keyvalue: new Uint8Array(16) } };
const entry = configEntry(alice, 'pa_type', tgt.server, '2');
const all = [
  { ...tgt, endtime },
  entry,
  ...Array.from({ length: 20 }, (_, i) => ticket(`host/${i}@A.TEST`)),
  host,
  other,
  ticket('host/a b\\/c@A.TEST#2'),
];

async function expectPartsOf(cache: Ccache): Promise<void> {
  await expect(cache.loadFor!([])).rejects.toMatchObject({ code: 'CACHE_NOT_FOUND' });
  await cache.initialize({ principal: alice, credentials: all, kdcOffset: -7000 });
  const head = { principal: { ...alice, nameType: expect.any(Number) }, kdcOffset: -7000 };
  expect(await cache.loadFor!([])).toEqual({ ...head, credentials: [] });
  const { credentials, ...foundHead } = await cache.loadFor!([host.server, entry.server]);
  expect(foundHead).toEqual(head);
  expect([host, other]).toContainEqual(credentials.find(({ server }) => server.components[0] === 'host'));
  expect(credentials.some(({ server }) => server.realm === 'X-CACHECONF:')).toBe(true);
  // Never more than a few.
  expect(credentials.length).toBeLessThan(5);
  expect((await cache.loadFor!([parsePrincipal('host/b@A.TEST')])).credentials).toEqual([]);
}

describePeer('heimdal-kcm', () => {
  let kcm: Awaited<ReturnType<typeof startHeimdalKcm>>;
  beforeAll(async () => {
    kcm = await startHeimdalKcm();
  });
  afterAll(() => kcm?.stop());

  it("what Heimdal's server has for a ticket's server is loaded alone", () =>
    expectPartsOf(kcmType.resolve('parts', { ...environment('/nonexistent'), kcmSocket: kcm.socket })));
});

it("what our agent has for a ticket's server is loaded alone", async () => {
  const agent = await startTestAgent(['--memory'], {});
  try {
    const kcmSocket = join(agent.env.HEIM_IPC_DIR!, '.heim_org.h5l.kcm-socket');
    await expectPartsOf(kcmType.resolve('parts', { ...environment('/nonexistent'), kcmSocket }));
  } finally {
    await agent.stop();
  }
});

describePeer('keyutils', () => {
  const lab = useKeyringLab();

  it("what a keyring has for a ticket's server is loaded alone", () =>
    expectPartsOf(keyringType.resolve(`user:${lab.unique}`, environment(lab.home))));
});
