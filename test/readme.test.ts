import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(import.meta.dirname, '.readme-'));
afterAll(() => rmSync(dir, { recursive: true }));

const programs = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, program]) => program!,
);

/** What each program of the README prints. */
const printed = [/^HTTP\/localhost@EXAMPLE\.TEST until \d{4}-.*Z\n$/, /^$/, /^Hello alice@EXAMPLE\.TEST\n$/];

describe('the README', () => {
  it('shows as many programs as are known here', () => {
    expect(programs).toHaveLength(printed.length);
  });

  it.each(printed.map((wanted, at) => ({ wanted, at })))(
    'shows a program that works: $wanted',
    async ({ wanted, at }) => {
      const outfile = join(dir, `${at}.mjs`);
      await build({
        stdin: { contents: programs[at]!, resolveDir: root, loader: 'ts' },
        alias: { krb5kit: './src/index.ts' },
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        packages: 'external',
        logLevel: 'silent',
      });
      const { stdout } = await promisify(execFile)(process.execPath, [outfile], { timeout: 60_000 });
      expect(stdout).toMatch(wanted);
    },
  );
});
