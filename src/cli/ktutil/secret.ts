import { closeSync, openSync } from 'node:fs';
import { systemReason } from '../../errno.ts';
import { KerberosError } from '../../errors.ts';
import { type Arguments, UsageError } from '../command.ts';
import { readInputLine, stdinBytes } from '../terminal/input.ts';
import type { Io } from '../terminal.ts';

const DESCRIPTOR = /^\d{1,9}$/;
const SOURCES = ['passwordStdin', 'passwordFile', 'passwordEnv', 'passwordFd'];

/** Checks that the options name one source at most, and one that can be. */
export function checkSources(args: Arguments, program: string): void {
  if (SOURCES.filter(name => args.has(name)).length > 1) {
    throw new UsageError(`${program}: only one source of the password can be given`);
  }
  const fd = args.value('passwordFd');
  if (fd !== undefined && !DESCRIPTOR.test(fd))
    throw new UsageError(`${program}: '${fd}' is not a file descriptor`);
}

/** The secret from where the options say, else asked for with `prompt`. Throws KerberosError PASSWORD_UNREAD. */
export async function readSecret(args: Arguments, prompt: string, io: Io): Promise<string> {
  const file = args.value('passwordFile');
  const variable = args.value('passwordEnv');
  const fd = args.value('passwordFd');
  if (readsStdin(args)) return present(await io.readLine(), 'standard input is empty');
  if (file !== undefined) return fromFile(file);
  if (fd !== undefined) return fromDescriptor(fd);
  if (variable !== undefined) return fromVariable(io.env[variable]);
  return io.readPassword(prompt);
}

/** Whether the options say standard input, which as a file is `-`, or as in Heimdal `STDIN`. */
export function readsStdin(args: Arguments): boolean {
  return args.has('passwordStdin') || ['-', 'STDIN'].includes(args.value('passwordFile') ?? '');
}

async function fromFile(path: string): Promise<string> {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return present(await readInputLine(stdinBytes(fd)), `${path} is empty`);
  } catch (error) {
    throw error instanceof KerberosError ? error : unread(`${path}: ${systemReason(error)}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Secrets are pasted with the end of their line. What is named may be the secret itself, and is not repeated. */
function fromVariable(value = ''): string {
  const line = value.split('\n', 1)[0]!.replace(/\r$/, '');
  return present(line || undefined, 'the variable that --password-env names is not set, or empty');
}

async function fromDescriptor(text: string): Promise<string> {
  try {
    return present(await readInputLine(stdinBytes(Number(text))), `descriptor ${text} is empty`);
  } catch (error) {
    throw error instanceof KerberosError
      ? error
      : unread(`descriptor ${text}: ${systemReason(error)}`, error);
  }
}

function present(secret: string | undefined, otherwise: string): string {
  if (secret === undefined) throw unread(otherwise);
  return secret;
}

function unread(reason: string, cause?: unknown): KerberosError {
  return new KerberosError('PASSWORD_UNREAD', `Cannot read password: ${reason}`, { cause });
}
