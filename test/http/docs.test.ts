import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runDocumented } from '../support/build-program.ts';

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
  const { stdout, stderr } = await runDocumented(programOf(page), join(dir, `${page}.mjs`));
  expect(stderr).toBe('');
  expect(stdout).toMatch(printed);
});
