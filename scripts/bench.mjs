// `npm run bench [-- NAME …]`: runs the benchmarks of test/bench (all, or those whose file name contains a NAME), prints
// a Markdown table for each, and writes bench-report/: report.md and chart.svg. A benchmark's default export is
// `{ title, lines?: Line[], run(): Promise<Row[]> }`; what has none is there for the others. One that throws is reported
// as failed, and the exit status is 1 then.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chart } from './bench-chart.mjs';
import { describeMachine, describeVersions } from './bench-machine.mjs';
import { report, section } from './bench-report.mjs';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/bench');

setUp();
delete process.env.NODE_EXTRA_CA_CERTS; // read by every Node that starts, which doubles the time of a command
// Where `npm run peers:install` has npm's bindings of MIT's library.
if (existsSync('/opt/npm-kerberos/node_modules/kerberos')) process.env.NPM_KERBEROS ??= '/opt/npm-kerberos';
const { build } = await import('esbuild');
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
  const outcome = await measure(file);
  if (outcome === undefined) continue;
  outcomes.push(outcome);
  console.log(`${section(outcome)}\n`);
  writeReport(); // each time, so that a run which is broken off leaves what it has
}
if (outcomes.length === 0) {
  console.error(`No benchmark is called ${wanted.join(' or ')}.`);
  process.exitCode = 1;
}
// At once: what a failed benchmark has left open would keep us.
if (outcomes.some(({ error }) => error !== undefined)) process.exit(1);

/** What a file measures; undefined where it has no benchmark. */
async function measure(file) {
  const name = file.slice(0, -'.ts'.length);
  let benchmark;
  try {
    benchmark = await load(file);
    return (
      benchmark && {
        name,
        title: benchmark.title,
        lines: benchmark.lines,
        rows: await watched(benchmark.run),
      }
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { name, title: benchmark?.title, lines: benchmark?.lines, error: message };
  }
}

/** What `run` resolves to; rejects where it does, or where something fails meanwhile that nobody waits for. */
function watched(run) {
  return new Promise((resolve, reject) => {
    const end = settle => value => {
      process.off('uncaughtException', fail);
      settle(value);
    };
    const fail = end(reject);
    process.on('uncaughtException', fail);
    Promise.resolve().then(run).then(end(resolve), fail);
  });
}

function writeReport() {
  const target = join(root, 'bench-report');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'report.md'), report(outcomes, about));
  writeFileSync(join(target, 'chart.svg'), chart(outcomes));
}

// Bundled next to the sources, so that packages and paths relative to the module resolve as in a test.
async function load(name) {
  const outfile = join(folder, `.${name}-${process.pid}.mjs`);
  try {
    await build({
      entryPoints: [join(folder, name)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.19',
      packages: 'external',
      logLevel: 'warning',
    });
    return (await import(pathToFileURL(outfile).href)).default;
  } finally {
    rmSync(outfile, { force: true });
  }
}
