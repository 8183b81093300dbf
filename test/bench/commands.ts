import { findProgram, peer } from '../support/peers.ts';
import {
  type CommandsLab,
  checkMechanism,
  createTimer,
  type Use,
  uses,
  withCommandsLab,
} from './commands-lab.ts';
import { type Line, median, type Row } from './measure.ts';
import { makeNodeHomes, type NodeHome, programOf } from './node-homes.ts';

const RUNS = 20;

const TIMES_NODE = 'times node';
const TIMES_MIT = "times MIT's";

export default {
  title: `Commands as whole processes on a FILE cache, in turn with bare node; medians of ${RUNS} runs in ms`,
  lines: [
    line('kinit, password by encrypted timestamp', TIMES_NODE, 1.7),
    line('kinit, password by SPAKE', TIMES_NODE, 1.7),
    line('kinit, aes256-sha384, by encrypted timestamp', TIMES_MIT, 1.15),
    line('kvno, cached', TIMES_NODE, 1.2),
    line('klist', TIMES_NODE, 1.2),
    line('klist -f', TIMES_NODE, 1.2),
    line('krb5kit klist', TIMES_NODE, 1.2),
    line('krb5kit --help', TIMES_NODE, 1.4),
    line('kdestroy', TIMES_NODE, 1.2),
  ],
  run(): Promise<Row[]> {
    return withCommandsLab(async lab => {
      const rows: Row[] = [];
      for (const home of await makeNodeHomes(lab.folder)) {
        for (const use of uses) rows.push(await compare(use, home, lab));
      }
      return rows;
    });
  },
};

function line(command: string, column: string, bound: number): Line {
  return { cells: { command }, column, better: 'lower', bound };
}

async function compare(use: Use, home: NodeHome, lab: CommandsLab): Promise<Row> {
  const timer = createTimer(use, lab);
  const bare = timer(home.node, ['-e', '0']);
  const kit = timer(home.node, [programOf(home, use.program), ...use.args]);
  const theirs = peer('mit-client').available ? findProgram(use.program) : undefined;
  const mit = use.program === 'krb5kit' || theirs === undefined ? undefined : timer(theirs);
  await bare();
  for (const warmUp of [kit, mit]) {
    await warmUp?.();
    checkMechanism(use, lab);
  }

  const times: { bare: number; kit: number; mit: number }[] = [];
  for (let i = 0; i < RUNS; i++) {
    times.push({ bare: await bare(), kit: await kit(), mit: (await mit?.()) ?? Number.NaN });
  }
  return {
    command: use.title,
    Node: home.version,
    'node -e 0': median(times.map(time => time.bare)),
    krb5kit: median(times.map(time => time.kit)),
    [TIMES_NODE]: median(times.map(time => time.kit / time.bare)),
    ...(mit && {
      'MIT krb5': median(times.map(time => time.mit)),
      [TIMES_MIT]: median(times.map(time => time.kit / time.mit)),
    }),
  };
}
