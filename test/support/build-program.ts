import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, buildSync } from 'esbuild';

const options = { bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' } as const;

/** Bundles a program whose source may import `./src/…`; `outfile` ends in `.mjs`. */
export function buildProgram(source: string, outfile: string, more: BuildOptions = {}): void {
  const resolveDir = fileURLToPath(new URL('../..', import.meta.url));
  buildSync({ ...options, ...more, stdin: { contents: source, resolveDir, loader: 'ts' }, outfile });
}

/** Runs a program of the documentation. It is written to `outfile`, below the repository, whose packages it finds. */
export function runDocumented(
  source: string,
  outfile: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  buildProgram(source, outfile, { alias: { krb5kit: './src/index.ts' }, packages: 'external' });
  return promisify(execFile)(process.execPath, [outfile], { timeout: 60_000 });
}
