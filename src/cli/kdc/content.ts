import { statSync } from 'node:fs';
import { systemReason } from '../../errno.ts';
import { ConfigError } from '../../errors.ts';
import { readWholeFile } from '../whole-file.ts';

/** A hundred thousand users with policies of their own. */
const MAX_BYTES = 64 << 20;

/** The text of a file or a pipe. Throws ConfigError CONFIG_UNREADABLE. */
export async function readText(file: string): Promise<string> {
  const bytes = await readWholeFile(file, MAX_BYTES).catch(cause => {
    throw new ConfigError('CONFIG_UNREADABLE', `${file}: ${systemReason(cause)}`, { file }, { cause });
  });
  if (bytes === undefined)
    throw new ConfigError('CONFIG_UNREADABLE', `${file}: It is longer than ${MAX_BYTES} bytes`, { file });
  return new TextDecoder().decode(bytes);
}

/** Whether a file is a pipe, or one of our descriptors, which another process cannot read. */
export function isPassing(file: string): boolean {
  if (/^\/(?:dev\/(?:stdin$|fd\/)|proc\/)/.test(file)) return true;
  try {
    const found = statSync(file);
    return !found.isFile() && !found.isDirectory();
  } catch {
    // Whoever reads it says why that fails.
    return false;
  }
}

/** YAML or JSON. Throws an Error that says where, but not what a parser quotes: the text has passwords in it. */
export async function parseContent(content: string): Promise<unknown> {
  if (/^\s*[{[]/.test(content)) {
    try {
      return withoutSchema(JSON.parse(content));
    } catch (error) {
      // Without one for the few faults whose message has only a quotation.
      const position = / at position (\d+)/.exec((error as Error).message)?.[1];
      throw new Error(
        `this is not JSON${position === undefined ? '' : `, in line ${lineAt(Number(position), content)}`}`,
      );
    }
  }
  const { parseDocument } = await import('yaml');
  const document = parseDocument(content);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line;
    const kind = fault.code.toLowerCase().replaceAll('_', ' ');
    throw new Error(`this is not YAML${line === undefined ? '' : `, in line ${line}`}: ${kind}`);
  }
  try {
    return withoutSchema(document.toJS({ maxAliasCount: 100 }));
  } catch {
    throw new Error('this is not YAML');
  }
}

function lineAt(position: number, content: string): number {
  return content.slice(0, position).split('\n').length;
}

/** Editors find the schema by this member. */
function withoutSchema(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { $schema, ...others } = value as Record<string, unknown>;
  return others;
}
