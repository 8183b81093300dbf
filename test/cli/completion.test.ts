import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configEntry } from '../../src/ccache/config-entries.ts';
import type { Command } from '../../src/cli/command.ts';
import { operandKinds } from '../../src/cli/completion/kinds.ts';
import { completion } from '../../src/cli/completion.ts';
import { allCommands, krb5kit } from '../../src/cli/krb5kit.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { alice, credential, tgt } from '../ccache/tickets.ts';
import { runAt, writeCache } from './caches.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'krb5kit-test-'));
});
afterEach(() => rmSync(home, { recursive: true }));

async function run(...argv: readonly string[]) {
  return runAt(home, completion, argv, {
    env: { KRB5CCNAME: `FILE:${join(home, 'cc')}`, KRB5KIT_KEYCHAIN: 'none' },
    cacheDirectory: home,
  });
}

async function values(kind: string): Promise<readonly string[]> {
  const { status, io } = await run('--values', kind);
  expect([status, io.stderr]).toEqual([0, '']);
  return io.stdout.split('\n').slice(0, -1);
}

describe('what the caches hold', () => {
  it('is principals, caches, and services with or without a realm', async () => {
    const services = ['host/b.a.test@A.TEST', 'HTTP/a.a.test@A.TEST', 'sole@A.TEST'];
    const path = writeCache(home, [tgt, ...services.map(name => credential(name))]);
    expect(await values('principals')).toEqual(['alice@A.TEST']);
    expect(await values('caches')).toEqual([`FILE:${path}`]);
    expect(await values('services')).toEqual([
      'HTTP/a.a.test@A.TEST',
      'host/b.a.test@A.TEST',
      'krbtgt/A.TEST@A.TEST',
      'sole@A.TEST',
    ]);
    expect(await values('host-services')).toEqual(['HTTP@a.a.test', 'host@b.a.test']);
  });

  it('leaves out configuration entries, and names that a line cannot hold or a terminal would obey', async () => {
    const entry = configEntry(alice, 'pa_type', undefined, '2');
    const hostile = { ...parsePrincipal('x@A.TEST'), components: ['HTTP', 'a\u001b[2Jb\u202e'] };
    const option = { ...hostile, components: ['-rf'] };
    const long = { ...hostile, components: ['x'.repeat(1001)] };
    const others = [hostile, option, long].map(server => credential('x@A.TEST', { server }));
    writeCache(home, [tgt, entry, ...others]);
    expect(await values('services')).toEqual(['krbtgt/A.TEST@A.TEST']);
  });

  it('is nothing, without a word, where there is no cache or no such kind', async () => {
    expect(await values('principals')).toEqual([]);
    expect(await values('toString')).toEqual([]);
  });
});

describe('a script', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])(
    'for %s has every command and every option with its text',
    async shell => {
      const { status, io } = await run(shell);
      expect(status).toBe(0);
      const script = io.stdout.replaceAll(/'\\''|''|\\(?=['[\]:])/g, found =>
        found.startsWith('\\') && found.length === 1 ? '' : "'",
      );
      for (const [name, { load }] of Object.entries(allCommands)) {
        expect(script).toContain(name);
        for (const option of optionsOf(await load())) {
          expect(script).toContain(option.text);
          const long = /--([\w-]+)/.exec(option.flags)?.[1];
          if (long !== undefined) expect(script).toContain(long);
        }
      }
    },
  );

  it('for PowerShell closes every quotation and bracket that it opens', async () => {
    const { io } = await run('powershell');
    expect(openEnds(io.stdout)).toEqual([]);
    expect(openEnds(`${io.stdout}'`)).not.toEqual([]);
  });

  it('is asked for by the name of one shell', async () => {
    for (const argv of [[], ['tcsh'], ['bash', 'zsh']]) {
      const { status, io } = await run(...argv);
      expect([status, io.stdout]).toEqual([2, '']);
      expect(io.stderr).toMatch(/^krb5kit completion: .*\nUsage: krb5kit completion/);
    }
  });
});

it('the words of operands tell what they are, or the command does', () => {
  expect(operandKinds('doctor', '[PRINCIPAL] [SERVICE]')).toEqual(['principals', 'services']);
  expect(operandKinds('cache import', 'FILE|- [CACHE]')).toEqual(['files', 'caches']);
  expect(operandKinds('ktutil merge', 'FROM... TO')).toEqual(['files']);
  expect(operandKinds('http', 'URL')).toEqual(['nothing']);
});

it('krb5kit lists it among the commands', async () => {
  const { io } = await runAt(home, krb5kit, ['--help']);
  expect(io.stdout).toMatch(/^ {2}completion +Print a script for/m);
});

function optionsOf({ options, subcommands = {} }: Command): Command['options'] {
  return [...options, ...Object.values(subcommands).flatMap(optionsOf)].filter(({ hidden }) => !hidden);
}

/** What PowerShell would still wait for at the end of a script. */
function openEnds(script: string): readonly string[] {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };
  const tokens = /#.*|'(?:[^']|'')*'|"(?:[^"`]|`.)*"|[(){}[\]'"]/g;
  for (const [token] of script.matchAll(tokens)) {
    if (token in pairs) {
      if (open.pop() !== pairs[token]) open.push(token);
    } else if (token.length === 1 && token !== '#') open.push(token);
  }
  return open;
}
