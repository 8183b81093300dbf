import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Bundles a program whose source may import `./src/…`; `outfile` ends in `.mjs`. */
export function buildProgram(source: string, outfile: string): void {
  buildSync({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  });
}
