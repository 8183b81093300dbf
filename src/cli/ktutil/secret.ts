import { closeSync, openSync } from 'node:fs';
import { KerberosError } from '../../errors.ts';
import { type Arguments, type OptionRow, UsageError } from '../command.ts';
import { fileReason } from '../file-reason.ts';
import { readInputLine, stdinBytes } from '../input.ts';
import type { Io } from '../terminal.ts';

/** Where a secret may come from; never from an argument, which every user of the machine can see. */
export const secretOptions: readonly OptionRow[] = [
  { flags: '--password-stdin', text: 'Read the password from standard input, one line, without a prompt.' },
  { flags: '--password-file <file>', text: 'Read the password from the first line of a file.' },
  { flags: '--password-env <variable>', text: 'Take the password from an environment variable.' },
  { flags: '--password-fd <number>', text: 'Read the password from the first line of a descriptor.' },
];

const SOURCES = ['passwordStdin', 'passwordFile', 'passwordEnv', 'passwordFd'];

/** Checks that the options name one source at most. */
export function checkSources(args: Arguments): void {
  if (SOURCES.filter(name => args.has(name)).length > 1) {
    throw new UsageError('The password cannot come from two places');
  }
}

/** The secret from where the options say, else asked for with `prompt`. Throws KerberosError PASSWORD_UNREAD. */
export async function readSecret(args: Arguments, prompt: string, io: Io): Promise<string> {
  const file = args.value('passwordFile');
  const variable = args.value('passwordEnv');
  const fd = args.value('passwordFd');
  if (file !== undefined) return fromFile(file);
  if (fd !== undefined) return fromDescriptor(fd);
  if (variable !== undefined) return present(io.env[variable], `${variable} is not set`);
  if (args.has('passwordStdin')) return present(await io.readLine(), 'standard input is empty');
  return io.readPassword(prompt);
}

async function fromFile(path: string): Promise<string> {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return present(await readInputLine(stdinBytes(fd)), `${path} is empty`);
  } catch (error) {
    throw error instanceof KerberosError ? error : unread(`${path}: ${fileReason(error)}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function fromDescriptor(text: string): Promise<string> {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`'${text}' is no file descriptor`);
  try {
    return present(await readInputLine(stdinBytes(Number(text))), `descriptor ${text} is empty`);
  } catch (error) {
    throw error instanceof KerberosError ? error : unread(`descriptor ${text}: ${fileReason(error)}`, error);
  }
}

function present(secret: string | undefined, otherwise: string): string {
  if (secret === undefined) throw unread(otherwise);
  return secret;
}

function unread(reason: string, cause?: unknown): KerberosError {
  return new KerberosError('PASSWORD_UNREAD', `Cannot read password: ${reason}`, { cause });
}
