// `node bench-one.mjs FILE.ts`, forked by bench-apart.mjs: runs the benchmark in the file and sends its title and
// lines, then its rows or the reason why there are none.
import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

// By process.exit, so that nothing started by a benchmark remains.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('disconnect', () => process.exit(1));
process.channel.unref(); // what waits for nothing ends
process.on('uncaughtException', fail);
try {
  await measure(process.argv[2]);
} catch (error) {
  fail(error);
}

async function measure(file) {
  const benchmark = await load(file);
  if (benchmark === undefined) return end({ isNone: true });
  const { title, lines } = benchmark;
  process.send({ title, lines });
  const rows = await benchmark.run();
  if (!Array.isArray(rows)) throw new TypeError('it has measured no rows');
  end({ rows });
}

function fail(error) {
  end({ error: error instanceof Error ? error.message : String(error) });
}

/** At once: whatever a benchmark has left open would keep this process running. */
function end(message) {
  process.channel.ref();
  process.send(message, () => process.exit());
}

// Bundled next to the sources, so that packages and paths relative to the module resolve as in a test.
async function load(file) {
  const outfile = join(dirname(file), `.${basename(file, '.ts')}-${process.pid}.mjs`);
  try {
    await build({
      entryPoints: [file],
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
