import { printable } from '../../codec/text.ts';
import { type ErrorCode, KerberosError } from '../../errors.ts';
import { ActivityError } from '../../local/activity.ts';
import { tellError } from '../run-command.ts';
import type { Session } from '../session.ts';
import type { Io } from '../terminal.ts';
import { splitRequest } from './line.ts';
import { requestNamed } from './requests.ts';
import type { Workbench } from './workbench.ts';

const PROMPT = 'ktutil:  ';

/** Reads requests and does them until one of them, or the end of the input, says that it is enough. */
export async function runShell(session: Session): Promise<void> {
  const { io } = session;
  const bench: Workbench = { session, io, list: [] };
  for (;;) {
    io.out(PROMPT);
    const line = await io.readLine();
    if (line === undefined) return;
    // What is read from a pipe is shown as a terminal would show what is typed.
    if (!io.stdinIsTerminal) io.out(`${line}\n`);
    if (!(await runLine(line, bench))) return;
  }
}

/** Does one request; false where it is the last one. */
async function runLine(line: string, bench: Workbench): Promise<boolean> {
  const { io } = bench;
  if (line.startsWith('!')) {
    await runInSystemShell(line.slice(1));
    return true;
  }
  const words = splitRequest(line);
  if (words === undefined) {
    io.err('ktutil: Unbalanced quotes in command line\n');
    return true;
  }
  const [name] = words;
  if (name === undefined) return true;
  const request = requestNamed(name);
  if (request === undefined) {
    const shown = name.split(/[ \t]/, 1)[0]!;
    io.err(`ktutil: Unknown request "${printable(shown)}".  Type "?" for a request list.\n`);
    return true;
  }
  try {
    return (await request.run(words, bench)) !== 'quit';
  } catch (error) {
    tellRequestError(name, error, io);
    return true;
  }
}

/** As MIT's, `!` has the system's shell do the rest of the line. */
async function runInSystemShell(line: string): Promise<void> {
  // What is printed before it is to be seen before it.
  await new Promise(resolve => setImmediate(resolve));
  const { spawnSync } = await import('node:child_process');
  spawnSync(line, { shell: true, stdio: 'inherit' });
}

/** The error table's own sentences: MIT's ktutil knows no names. */
const SENTENCES: Partial<Readonly<Record<ErrorCode, string>>> = {
  KEYTAB_NOT_FOUND: 'No such file or directory',
  REALM_UNKNOWN: 'Cannot find KDC for requested realm',
  KDC_UNREACHABLE: 'Cannot contact any KDC for requested realm',
};

function tellRequestError(request: string, error: unknown, io: Io): void {
  const [cause, activity] = error instanceof ActivityError ? [error.cause, error.activity] : [error, ''];
  const words = cause instanceof KerberosError ? SENTENCES[cause.code] : undefined;
  const plain = words === undefined ? cause : new KerberosError((cause as KerberosError).code, words);
  tellError(request, activity === '' ? plain : new ActivityError(activity, plain), io);
}
