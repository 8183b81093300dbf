import { KerberosError } from '../../errors.ts';
import type { Io, ProcessLike } from '../terminal.ts';
import { type ByteSource, readInputLine, type StdinBytes } from './input.ts';

type PromptIo = Pick<Io, 'out' | 'stdinIsTerminal' | 'signal'>;

/**
 * Shows the prompt on stdout and reads a password from stdin: without echo from a terminal, else one line. The newline
 * that the invisible Enter did not print is printed here, however reading ends.
 */
export async function promptForPassword(
  prompt: string,
  io: PromptIo,
  input: StdinBytes,
  process: ProcessLike,
): Promise<string> {
  if (!io.stdinIsTerminal) return readPasswordLine(prompt, io.out, input);
  const { readHidden } = await import('./hidden-input.ts');
  return readHidden(prompt, io, input, process);
}

/** Shows the prompt and reads one line of the input as the answer. */
export async function readPasswordLine(
  prompt: string,
  out: (text: string) => void,
  input: ByteSource,
): Promise<string> {
  out(prompt);
  try {
    const line = await readInputLine(input);
    if (line === undefined) throw new KerberosError('PASSWORD_UNREAD', 'Cannot read password');
    return line;
  } catch (cause) {
    if (cause instanceof KerberosError) throw cause;
    throw new KerberosError('PASSWORD_UNREAD', 'Cannot read password', { cause });
  } finally {
    out('\n');
  }
}
