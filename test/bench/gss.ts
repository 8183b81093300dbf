import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { peer } from '../support/peers.ts';
import { type Contender, contender, type Sample } from './engine-peers.ts';
import { requestsOverHttp } from './gss-http.ts';
import { type GssLab, withGssLab } from './gss-lab.ts';
import { prepareGssPeers } from './gss-peers.ts';
import { type Line, median, type Row } from './measure.ts';

const ROUNDS = 5;
const WARM_UP_SECONDS = 1;
const ROUND_SECONDS = 0.5;

const WORK: Readonly<Record<string, string>> = {
  initiate: 'initiate: the first token',
  accept: 'accept a mutual context, the usual replay cache',
  pair: 'mutual pair: initiate, accept, verify',
  'ap-usual': 'accept an AP-REQ, the usual replay cache',
  'ap-none': 'accept an AP-REQ, no replay cache',
  'ap-file': 'accept an AP-REQ, replay cache in a file (file2)',
  'ap-redis': 'accept an AP-REQ, replay cache shared by Redis',
  'ap-opened': 'accept an AP-REQ, in memory, opened tickets kept',
  'wrap-1024': 'wrap and unwrap 1 KiB, sealed',
  'wrap-65536': 'wrap and unwrap 64 KiB, sealed',
};

export default {
  title:
    'GSS-API, AES-256 with SHA-1, tickets of an MIT KDC: µs of CPU for each, in one process each, medians of ' +
    `${ROUNDS} rounds in turn; "times": how many we do while another does one. The usual replay cache is in memory, ` +
    "MIT's and npm kerberos's in a file. npm kerberos has no word for an AP-REQ alone: it accepts a context there",
  lines: [
    line('ap-usual', 'npm kerberos', 4),
    line('ap-usual', 'gokrb5', 2),
    line('ap-usual', 'MIT', 0.7),
    line('pair', 'npm kerberos', 4),
    line('pair', 'MIT', 1.5),
    line('wrap-65536', 'MIT', 3),
    line('wrap-1024', 'MIT', 0.7),
  ],
  async run(): Promise<Row[]> {
    const kdc = peer('mit-client').available ? peer('mit-kdc') : peer('mit-client');
    if (!kdc.available) {
      console.warn(`there is no MIT KDC: ${kdc.reason}`);
      return [];
    }
    return withGssLab(async lab => {
      const own = await bundleOwn();
      try {
        const commands = new Map([
          ['krb5kit', [process.execPath, own, JSON.stringify(lab)]],
          ...prepareGssPeers(lab),
        ]);
        return [...(await compareAll(lab, commands)), await requestsOverHttp(lab, commands)];
      } finally {
        rmSync(own, { force: true });
      }
    });
  },
};

function line(work: string, peer: string, bound: number): Line {
  return { cells: { work: WORK[work]! }, column: `times ${peer}`, better: 'higher', bound };
}

/** Our own side as a program like the others. */
async function bundleOwn(): Promise<string> {
  const path = (name: string): string => fileURLToPath(new URL(`gss-peers/${name}`, import.meta.url));
  const outfile = path(`.krb5kit-rows-${process.pid}.mjs`);
  await build({
    entryPoints: [path('krb5kit-rows.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  });
  return outfile;
}

async function compareAll(lab: GssLab, commands: ReadonlyMap<string, readonly string[]>): Promise<Row[]> {
  const env = { ...process.env, ...lab.env };
  const contenders = [...commands].map(([name, command]) => contender(name, command, env));
  try {
    const rows: Row[] = [];
    for (const work of Object.keys(WORK)) rows.push(await compare(work, contenders));
    return rows;
  } finally {
    for (const { end } of contenders) end();
  }
}

async function compare(work: string, contenders: readonly Contender[]): Promise<Row> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, run } of contenders) {
      const sample = await run(work, round === 0 ? WARM_UP_SECONDS : ROUND_SECONDS);
      if (sample !== undefined && round > 0) samples.get(name)!.push(sample);
    }
  }
  const costs = [...samples].map(
    ([name, list]) => [name, list.map(({ cpu, done }) => (cpu * 1e6) / done)] as const,
  );
  const [[, own], ...others] = costs as [(typeof costs)[number], ...(typeof costs)[number][]];
  return {
    work: WORK[work]!,
    ...Object.fromEntries(costs.map(([name, list]) => [name, list.length > 0 ? median(list) : ''])),
    ...Object.fromEntries(
      others.map(([name, list]) => [
        `times ${name}`,
        list.length > 0 && own.length > 0 ? median(list.map((cost, i) => cost / own[i]!)) : '',
      ]),
    ),
  };
}
