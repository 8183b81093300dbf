import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandsLab, createTimer, type Use, uses, withCommandsLab } from './commands-lab.ts';
import { median, type Row } from './measure.ts';
import { makeNodeHomes, type NodeHome, programOf } from './node-homes.ts';

const RUNS = 10;

export default {
  title:
    `Start-up of every command: what a whole process consists of, medians of ${RUNS} runs in ms. "loading": what reading ` +
    'and loading the bundle adds to bare node; "the rest": all that the command does then, servers\' answers included. ' +
    'Sizes in KiB; "parts" are loaded when a use needs them, bundle and bytecode together',
  run(): Promise<Row[]> {
    return withCommandsLab(async lab => {
      const rows: Row[] = [];
      for (const home of await makeNodeHomes(lab.folder)) {
        for (const use of [...uses, ...helpOfTheOthers(home)]) rows.push(await divide(use, home, lab));
      }
      return rows;
    });
  },
};

/** Of commands that no use is made of here. */
function helpOfTheOthers(home: NodeHome): Use[] {
  const used = new Set(uses.map(bundleOf));
  return bundlesOf(home)
    .filter(name => !used.has(name))
    .map(name => ({ title: `krb5kit ${name} --help`, program: 'krb5kit', args: [name, '--help'] }));
}

/** The names of the commands; a part's has something to tell it from others at its end. */
function bundlesOf({ root }: NodeHome): string[] {
  return readdirSync(join(root, 'dist/bin'))
    .filter(file => /^[a-z][a-z\d]*\.cjs$/.test(file))
    .map(file => file.slice(0, -'.cjs'.length));
}

function bundleOf({ program, args }: Use): string {
  const [word = ''] = args;
  return program === 'krb5kit' && /^[a-z]/.test(word) ? word : program;
}

async function divide(use: Use, home: NodeHome, lab: CommandsLab): Promise<Row> {
  const name = bundleOf(use);
  const timer = createTimer(use, lab);
  const bare = timer(home.node, ['-e', '0']);
  const load = timer(home.node, [programOf(home, 'load.cjs'), name]);
  const whole = timer(home.node, [programOf(home, use.program), ...use.args]);
  for (const warmUp of [bare, load, whole]) await warmUp();

  const times: { bare: number; load: number; whole: number }[] = [];
  for (let i = 0; i < RUNS; i++) {
    times.push({ bare: await bare(), load: await load(), whole: await whole() });
  }
  return {
    command: use.title,
    Node: home.version,
    ...sizesOf(name, home),
    'node -e 0': median(times.map(time => time.bare)),
    loading: median(times.map(time => time.load - time.bare)),
    'the rest': median(times.map(time => time.whole - time.load)),
    whole: median(times.map(time => time.whole)),
    'times node': median(times.map(time => time.whole / time.bare)),
  };
}

function sizesOf(name: string, { root }: NodeHome): Row {
  const folder = join(root, 'dist/bin');
  const files = readdirSync(folder);
  const size = (wanted: (file: string) => boolean): number =>
    files.filter(wanted).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) / 1024;
  return {
    bundle: size(file => file === `${name}.cjs`),
    bytecode: size(file => file === `${name}.cache`),
    parts: size(file => file.startsWith(`${name}-`)),
  };
}
