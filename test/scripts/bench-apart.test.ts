import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { measureApart } from '../../scripts/bench-apart.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = [{ cells: {}, column: 'ms', better: 'lower', bound: 1 }];

/** The outcome of a benchmark whose `run` has this body. */
async function measure(body: string, options: { readonly limit?: number } = {}) {
  const file = join(folder, 'sample.ts');
  const about = `title: 'A sample', lines: ${JSON.stringify(lines)}`;
  writeFileSync(
    file,
    `export default { ${about}, async run(): Promise<Record<string, number>[]> { ${body} } };`,
  );
  const outcome = await measureApart(file, options);
  expect(readdirSync(folder)).toEqual(['sample.ts']);
  return outcome;
}

it('a benchmark has rows, also with figures that JSON has not, and may leave something open', async () => {
  const body = 'setInterval(() => undefined, 1000); return [{ ms: 1 }, { ms: Infinity }];';
  expect(await measure(body)).toEqual({
    name: 'sample',
    title: 'A sample',
    lines,
    rows: [{ ms: 1 }, { ms: Number.POSITIVE_INFINITY }],
  });
});

it.each([
  ['throws', "throw new Error('no KDC');", 'no KDC'],
  [
    'fails where nobody waits',
    "setTimeout(() => { throw new Error('gone'); }); await new Promise(() => setTimeout(() => {}, 9e5));",
    'gone',
  ],
  ['measures nothing', 'return undefined as never;', 'it has measured no rows'],
  ['ends the process', 'process.exit(3);', 'ended with status 3 before it was done'],
  [
    'waits for what never comes',
    'await new Promise(() => undefined);',
    'ended with status 13 before it was done',
  ],
  [
    'is killed',
    "process.kill(process.pid, 'SIGKILL'); await new Promise(() => setTimeout(() => {}, 9e5));",
    'was ended by SIGKILL',
  ],
])('one that %s has failed, and nothing else', async (_, body, error) => {
  expect(await measure(body)).toEqual({ name: 'sample', title: 'A sample', lines, error });
});

it('one that never ends has failed, too', async () => {
  const body = 'await new Promise(() => setInterval(() => undefined, 1000)); return [];';
  const limit = 0.05;
  expect(await measure(body, { limit })).toMatchObject({ error: `took longer than ${limit} minutes` });
});

it('a file that cannot be loaded has failed, and one without a benchmark has no outcome', async () => {
  writeFileSync(join(folder, 'broken.ts'), 'export default {');
  expect(await measureApart(join(folder, 'broken.ts'))).toMatchObject({
    name: 'broken',
    error: expect.stringContaining('broken.ts'),
  });
  writeFileSync(join(folder, 'helper.ts'), 'export const one = 1;');
  expect(await measureApart(join(folder, 'helper.ts'))).toBeUndefined();
});
