import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Bottom to top: a room imports itself and the rooms before it. A file directly in src is a room of its own. */
const rooms = [
  'trace',
  'errors',
  'errno',
  'codec',
  'crypto',
  'messages',
  'config',
  'keytab',
  'ccache',
  'transport',
  'preauth',
  'client',
  'ap',
  'kdc',
  'gss',
  'http',
  'agent',
  'local',
  'cli',
  'index',
  'kdc-api',
  'kerberos',
];

/** Earlier in the order, and forbidden all the same. */
const apart: Readonly<Record<string, readonly string[]>> = {
  crypto: ['codec', 'messages'],
  messages: ['config'],
  kdc: ['client'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly dynamic: boolean;
}

const root = join(import.meta.dirname, '..', 'src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts'))
  .sort();
const sources = new Map(files.map(file => [file, withoutComments(readFileSync(join(root, file), 'utf8'))]));
const imports = files.flatMap(importsOf);
/** For programs, what finds the user's files is an edge as the commands are: one file reads the environment. */
const otherEdge = 'local/environment.ts';
const atNoEdge = files.filter(file => roomOf(file) !== 'cli' && file !== otherEdge);

describe('the rooms', () => {
  it('are all in the order', () => {
    expect(files.map(roomOf).filter(room => !rooms.includes(room))).toEqual([]);
  });

  it('import only themselves and the rooms before them', () => {
    const upward = imports.filter(({ file, target }) => {
      if (!target.startsWith('.')) return false;
      const [from, to] = [roomOf(file), roomOf(posix.join(posix.dirname(file), target))];
      return rooms.indexOf(to) > rooms.indexOf(from) || apart[from]?.includes(to);
    });
    expect(upward.map(describeImport)).toEqual([]);
  });

  it('neither print, exit nor read the environment but at the edges', () => {
    const terminal = /\b(?:console\.|process\.(?:env|exit|exitCode|stdin|stdout|stderr|argv)\b)/;
    const scriptOfAnother = /`[^`$]*`/g; // what a child process shall do
    const code = (file: string) => sources.get(file)!.replaceAll(scriptOfAnother, '``');
    expect(atNoEdge.filter(file => terminal.test(code(file)))).toEqual([]);
    expect(code(otherEdge)).not.toMatch(/console\.|process\.(?:exit|exitCode|stdin|stdout|stderr)\b/);
  });

  it('leave options and colours to cli', () => {
    const ofCli = imports.filter(
      ({ file, target }) => ['commander', 'chalk'].includes(target) && roomOf(file) !== 'cli',
    );
    expect(ofCli.map(describeImport)).toEqual([]);
  });
});

describe('what is heavy', () => {
  it.each(['node-forge', 'keytar', 'lmdb'])('%s is imported in one file, when it is needed', name => {
    const found = imports.filter(({ target }) => target === name || target.startsWith(`${name}/`));
    expect(
      new Set(found.map(({ file }) => file)).size,
      found.map(describeImport).join('\n'),
    ).toBeLessThanOrEqual(1);
    expect(found.filter(({ dynamic }) => !dynamic).map(describeImport)).toEqual([]);
  });

  it("Node's own modules are imported by name, so that a bundle can load them on first use", () => {
    const whole = /import \* as \w+ from 'node:/;
    expect(files.filter(file => whole.test(sources.get(file)!))).toEqual([]);
  });
});

// Types cost nothing at run time and are erased, but a room must not know the types of a later one either; of a
// package the types are free to use.
function importsOf(file: string): Import[] {
  const source = sources.get(file)!;
  const statics = [
    ...source.matchAll(/^(?:import|export)\s(?<clause>[^;]*?\sfrom\s)?\s*'(?<target>[^']+)'/gm),
  ]
    .map(({ groups }) => ({ clause: groups!.clause ?? '', target: groups!.target! }))
    .filter(({ clause, target }) => target.startsWith('.') || !/^type\s/.test(clause))
    .map(({ target }) => ({ file, target, dynamic: false }));
  const dynamics = [...source.matchAll(/(?<!typeof )\bimport\(\s*'(?<target>[^']+)'/g)];
  return [...statics, ...dynamics.map(({ groups }) => ({ file, target: groups!.target!, dynamic: true }))];
}

function roomOf(file: string): string {
  return file.split('/')[0]!.replace(/\.ts$/, '');
}

function describeImport({ file, target }: Import): string {
  return `${file} imports ${target}`;
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}
