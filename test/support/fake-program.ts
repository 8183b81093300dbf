import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A stand-in for another system's program, which keeps its items and its calls in a directory. */
export interface FakeProgram {
  readonly path: string;
  /** The arguments of every call so far. */
  readonly calls: readonly (readonly string[])[];
  /** What its last call has read from standard input. */
  readonly input: string;
  readonly items: Readonly<Record<string, string>>;
  /** Sets its behaviour from now on. */
  behave(mode: string): void;
}

/** The frame of all such programs; the program's own part defines `answer(input, items, mode)`. */
const FRAME = `
const fs = require('fs');
const file = name => require('path').join(__dirname, name);
const read = (name, otherwise) => (fs.existsSync(file(name)) ? fs.readFileSync(file(name), 'utf8') : otherwise);
const items = JSON.parse(read('items', '{}'));
const input = fs.readFileSync(0, 'utf8');
fs.writeFileSync(file('input'), input);
fs.appendFileSync(file('calls'), JSON.stringify(process.argv.slice(2)) + '\\n');
const status = answer(input, items, read('mode', ''));
fs.writeFileSync(file('items'), JSON.stringify(items));
process.exitCode = status;
`;

export function fakeProgram(directory: string, name: string, source: string): FakeProgram {
  const folder = join(directory, `fake-${name}`);
  mkdirSync(folder);
  const path = join(folder, name);
  writeFileSync(path, `#!${process.execPath}\n${source}\n${FRAME}`);
  chmodSync(path, 0o755);
  const text = (file: string): string => {
    const found = join(folder, file);
    return existsSync(found) ? readFileSync(found, 'utf8') : '';
  };
  return {
    path,
    get calls() {
      const lines = text('calls').split('\n').slice(0, -1);
      return lines.map(line => JSON.parse(line) as readonly string[]);
    },
    get input() {
      return text('input');
    },
    get items() {
      return JSON.parse(text('items') || '{}') as Readonly<Record<string, string>>;
    },
    behave(mode) {
      writeFileSync(join(folder, 'mode'), mode);
    },
  };
}

/** A program that consists of one line of JavaScript. */
export function scriptProgram(directory: string, name: string, code: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!${process.execPath}\n${code}\n`);
  chmodSync(path, 0o755);
  return path;
}
