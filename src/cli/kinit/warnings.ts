import type { InitialResult } from '../../client/initial.ts';
import { enctypeName, isWeak } from '../../crypto/enctype-names.ts';
import { wrapLine } from '../terminal/wrap.ts';
import type { Io } from '../terminal.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Warns on stdout, as MIT does, of a password that expires within a week and of a deprecated enctype. */
export async function warnOfPassword(
  { passwordExpiration, replyEtype }: InitialResult,
  io: Io,
): Promise<void> {
  if (isWeak(replyEtype)) {
    const name = enctypeName(replyEtype) ?? `etype ${replyEtype}`;
    warn(`encryption type ${name} used for authentication is deprecated and will be disabled`, io);
  }
  if (passwordExpiration === undefined) return;
  const left = Math.floor((passwordExpiration.getTime() - io.now().getTime()) / 1000);
  if (left < 0 || left > 7 * DAY) return;
  const [{ userLocale }, { formatLongTime }] = await Promise.all([
    import('../locale/user-locale.ts'),
    import('../locale/time-format.ts'),
  ]);
  const when = formatLongTime(passwordExpiration, userLocale(io.env));
  warn(`Your password will expire in ${inWords(left)} on ${when}`, io);
}

function warn(text: string, io: Io): void {
  io.out(`${wrapLine(`Warning: ${text}`, io.stdoutIsTerminal, io.columns)}\n`);
}

function inWords(seconds: number): string {
  if (seconds < HOUR) return 'less than one hour';
  const hours = Math.floor(seconds / HOUR);
  if (seconds < 2 * DAY) return `${hours} hour${hours === 1 ? '' : 's'}`;
  return `${Math.floor(seconds / DAY)} days`;
}
