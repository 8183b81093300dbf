import { exec } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { runDocumented } from './support/build-program.ts';

const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(import.meta.dirname, '.readme-'));
afterAll(() => rmSync(dir, { recursive: true }));

const programs = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, program]) => program!,
);

/** What each program of the README prints. */
const printed = [/^HTTP\/localhost@EXAMPLE\.TEST until \d{4}-.*Z\n$/, /^$/, /^Hello alice@EXAMPLE\.TEST\n$/];

describe('the README', () => {
  it('links to what comes with the package', { timeout: 180_000 }, async () => {
    const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter(name => name.endsWith('.md'))];
    const linked = pages.flatMap(page => {
      const path = page === 'README.md' ? page : `docs/${page}`;
      const links = readFileSync(join(root, path), 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g);
      return [...links].map(([, target]) => posix.join(posix.dirname(path), target!));
    });
    // The line is for a shell, as npm on Windows is a script of it.
    const command = 'npm pack --dry-run --json --ignore-scripts --loglevel=error';
    const { stdout } = await promisify(exec)(command, { cwd: root, maxBuffer: 1 << 24 });
    const packed = Object.values<{ readonly files: readonly { readonly path: string }[] }>(
      JSON.parse(stdout),
    );
    const paths = packed.flatMap(({ files }) => files.map(({ path }) => path));
    expect(linked).toContain('docs/ci/action.yml');
    expect(linked.filter(path => !paths.includes(path))).toEqual([]);
  });

  it('shows as many programs as are known here', () => {
    expect(programs).toHaveLength(printed.length);
  });

  it.each(printed.map((wanted, at) => ({ wanted, at })))(
    'shows a program that works: $wanted',
    async ({ wanted, at }) => {
      const { stdout } = await runDocumented(programs[at]!, join(dir, `${at}.mjs`));
      expect(stdout).toMatch(wanted);
    },
  );
});
