// `npm run bench [-- NAME …]`: runs the benchmarks of test/bench (all, or those whose file name contains a NAME)
// and prints a Markdown table for each. A benchmark's default export is `{ title, run(): Promise<Row[]> }`;
// what has none is there for the others.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'test/bench');

setUp();
delete process.env.NODE_EXTRA_CA_CERTS; // read by every Node that starts, which doubles the time of a command
const { build } = await import('esbuild');
const wanted = process.argv.slice(2);
const files = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.ts')) : [];
for (const name of files.sort()) {
  if (wanted.length > 0 && !wanted.some(part => name.includes(part))) continue;
  const benchmark = await load(name);
  if (benchmark === undefined) continue;
  const { title, run } = benchmark;
  console.log(`## ${title}\n\n${table(await run())}\n`);
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

function table(rows) {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))];
  const cells = [
    columns,
    columns.map(() => '---'),
    ...rows.map(row => columns.map(column => text(row[column]))),
  ];
  return cells.map(line => `| ${line.join(' | ')} |`).join('\n');
}

function text(value) {
  if (typeof value !== 'number') return String(value ?? '');
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
