import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(import.meta.dirname, '.docs-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** The blocks of a page, as the one program that they are. */
function programOf(page: string): string {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
}

it.each([
  ['drivers.md', /^bob from the client\ntrue \S.*\n$/],
  ['web-services.md', /^(alice@EXAMPLE\.TEST is editor; the backend sees alice@EXAMPLE\.TEST\n){2}$/],
])('%s shows a program that works', async (page, printed) => {
  const outfile = join(dir, `${page}.mjs`);
  await build({
    stdin: { contents: programOf(page), resolveDir: root, loader: 'ts' },
    alias: { krb5kit: './src/index.ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [outfile], { timeout: 60_000 });
  expect(stderr).toBe('');
  expect(stdout).toMatch(printed);
});
