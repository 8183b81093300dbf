// `npm run bench [-- NAME …]`: runs the benchmarks of test/bench (all, or those whose file name contains a NAME), prints
// a Markdown table for each, and writes bench-report/: report.md and chart.svg. A benchmark's default export is
// `{ title, lines?: Line[], run(): Promise<Row[]> }`; what has none is there for the others. Each has a process of its
// own: one that fails, breaks down or never ends is reported as failed, and the exit status is 1 then.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureApart } from './bench-apart.mjs';
import { chart } from './bench-chart.mjs';
import { describeMachine, describeVersions } from './bench-machine.mjs';
import { report, section } from './bench-report.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/bench');

setUp();
delete process.env.NODE_EXTRA_CA_CERTS; // read by every Node that starts, which doubles the time of a command
// Where `npm run peers:install` puts npm's bindings of MIT's library.
if (existsSync('/opt/npm-kerberos/node_modules/kerberos')) process.env.NPM_KERBEROS ??= '/opt/npm-kerberos';
const about = {
  date: new Date(),
  machine: describeMachine(),
  versions: describeVersions(process.env.NPM_KERBEROS),
};
const wanted = process.argv.slice(2);
const outcomes = [];
for (const file of readdirSync(folder).sort()) {
  if (!file.endsWith('.ts')) continue;
  if (wanted.length > 0 && !wanted.some(part => file.includes(part))) continue;
  const outcome = await measureApart(join(folder, file));
  if (outcome === undefined) continue;
  outcomes.push(outcome);
  console.log(`${section(outcome)}\n`);
  writeReport(); // each time, so that a run which is broken off leaves what it has
}
if (outcomes.length === 0) {
  console.error(`No benchmark is called ${wanted.join(' or ')}.`);
}
if (outcomes.length === 0 || outcomes.some(({ error }) => error !== undefined)) process.exitCode = 1;

function writeReport() {
  const target = join(root, 'bench-report');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'report.md'), report(outcomes, about));
  writeFileSync(join(target, 'chart.svg'), chart(outcomes));
}
