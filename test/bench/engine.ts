import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getInitialCredential, type InitialOptions } from '../../src/client/initial.ts';
import type { Secret } from '../../src/client/secret.ts';
import { exchangeTgs } from '../../src/client/tgs.ts';
import { createConfig } from '../../src/config/config.ts';
import { loadProfile } from '../../src/config/load.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { loadPkinit } from '../../src/preauth/pkinit/sources.ts';
import { createTransport } from '../../src/transport/transport.ts';
import { peer } from '../support/peers.ts';
import { type EngineLab, MECHANISMS, withEngineLab } from './engine-lab.ts';
import { type Contender, type Sample, startEnginePeers } from './engine-peers.ts';
import { median, type Row } from './measure.ts';

const WARM_UP_SECONDS = 3;
const ROUNDS = 5;
const ROUND_SECONDS = 0.6;

const EXCHANGES: Readonly<Record<string, string>> = {
  keytab: 'AS, keytab',
  password: 'AS, password',
  tgs: 'TGS',
  spake: 'AS, SPAKE (edwards25519), keytab',
  pkinit: 'AS, PKINIT (group of 2048 bits, RSA), identity read anew',
};

export default {
  title:
    'Exchanges with an MIT KDC over UDP, one after the other in one process each: how many per second, and what each ' +
    `costs that process in ms of CPU; medians of ${ROUNDS} rounds in turn. MIT's library is called by ctypes, at some 4 us`,
  async run(): Promise<Row[]> {
    const kdc = peer('mit-kdc');
    if (!kdc.available) {
      console.warn(`there is no MIT KDC: ${kdc.reason}`);
      return [];
    }
    return withEngineLab(async lab => {
      const folder = mkdtempSync(join(tmpdir(), 'krb5kit-bench-'));
      const contenders = [ours(lab), ...startEnginePeers(lab, folder)];
      try {
        const rows: Row[] = [];
        for (const exchange of Object.keys(EXCHANGES)) rows.push(await compare(exchange, contenders));
        return rows;
      } finally {
        for (const contender of contenders) contender.end();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  },
};

async function compare(exchange: string, contenders: readonly Contender[]): Promise<Row> {
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, run } of contenders) {
      const sample = await run(exchange, round === 0 ? WARM_UP_SECONDS : ROUND_SECONDS);
      if (sample !== undefined && round > 0) samples.set(name, [...(samples.get(name) ?? []), sample]);
    }
  }
  const each = (figure: (sample: Sample) => number) =>
    new Map([...samples].map(([name, list]) => [name, median(list.map(figure))]));
  const rates = each(({ done, seconds }) => Math.round(done / seconds));
  const costs = each(({ done, cpu }) => (cpu * 1000) / done);
  const names = contenders.map(({ name }) => name);
  const [own] = names;
  const others = names.slice(1);
  return {
    exchange: EXCHANGES[exchange]!,
    ...Object.fromEntries(names.map(name => [`${name}, per second`, rates.get(name) ?? '']))!,
    ...Object.fromEntries(names.map(name => [`${name}, ms CPU`, costs.get(name) ?? ''])),
    ...Object.fromEntries(
      others.map(name => [
        `CPU, ${own} : ${name}`,
        costs.has(name) ? costs.get(own!)! / costs.get(name)! : '',
      ]),
    ),
  };
}

/** Our library, in this process. */
function ours(lab: EngineLab): Contender {
  const config = createConfig(loadProfile([lab.configs.timestamp]), {
    uid: 0,
    euid: 0,
    username: '',
    temp: tmpdir(),
  });
  const transport = createTransport(config);
  const client = parsePrincipal(lab.client);
  const keytab: Secret = { keytab: KeytabFile.decode(readFileSync(lab.keytab.slice('FILE:'.length))) };
  const password: Secret = { password: async () => lab.password };
  const login = async (secret: Secret, type: number, options: Partial<InitialOptions> = {}) => {
    const wishes = { preferredPreauthTypes: [type], ...options };
    const result = await getInitialCredential(client, secret, { transport, ...wishes });
    if (result.padataType !== type) throw new Error(`the KDC took ${result.padataType} instead of ${type}`);
    return result.credential;
  };
  const { timestamp, spake, pkinit } = MECHANISMS;
  const sources = {
    identities: [lab.identity],
    anchors: [lab.anchors],
    pool: [],
    revoked: [],
    requireCrlChecking: false,
    env: {},
    readPassphrase: () => Promise.reject(new Error('no passphrase is needed')),
  };
  const exchanges: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
    keytab: async () => () => login(keytab, timestamp),
    password: async () => () => login(password, timestamp),
    spake: async () => () => login(keytab, spake),
    pkinit: async () => () =>
      login(password, pkinit, { pkinit: { load: () => loadPkinit(client, sources) } }),
    async tgs() {
      const tgt = await login(keytab, timestamp);
      const service = parsePrincipal(lab.service);
      return () => exchangeTgs(tgt, service, { kdcOptions: 0 }, { transport });
    },
  };
  return {
    name: 'ours',
    async run(exchange, seconds) {
      const once = await exchanges[exchange]!();
      const [start, used] = [performance.now(), process.cpuUsage()];
      let done = 0;
      for (; performance.now() - start < seconds * 1000; done++) await once();
      const { user, system } = process.cpuUsage(used);
      return { done, seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
    },
    end: () => undefined,
  };
}
