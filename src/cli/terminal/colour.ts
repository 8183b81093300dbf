import type { Io } from '../terminal.ts';

type Style = (text: string) => string;

/** Ways to mark text; each returns it unchanged if colours are off. */
interface Colours {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}

export interface ColourOptions {
  /** The user's `--color`; `auto` unless given. */
  readonly when?: 'always' | 'never' | 'auto';
  /** The stream that the text is written to; stdout if not given. */
  readonly stream?: 'stdout' | 'stderr';
}

const PLAIN: Colours = {
  bold: plain,
  dim: plain,
  red: plain,
  green: plain,
  yellow: plain,
  cyan: plain,
};

function plain(text: string): string {
  return text;
}

/**
 * The colours for a stream, decided by `--color`, then NO_COLOR, FORCE_COLOR and TERM=dumb, then whether it is a
 * terminal.
 */
export async function loadColours(
  io: Pick<Io, 'env' | 'stdoutIsTerminal' | 'stderrIsTerminal'>,
  { when = 'auto', stream = 'stdout' }: ColourOptions = {},
): Promise<Colours> {
  if (!wantsColour(io, when, stream)) return PLAIN;
  const { Chalk } = await import('chalk');
  const { bold, dim, red, green, yellow, cyan } = new Chalk({ level: 1 });
  return { bold, dim, red, green, yellow, cyan };
}

function wantsColour(
  io: Pick<Io, 'env' | 'stdoutIsTerminal' | 'stderrIsTerminal'>,
  when: 'always' | 'never' | 'auto',
  stream: 'stdout' | 'stderr',
): boolean {
  if (when !== 'auto') return when === 'always';
  if (io.env.NO_COLOR) return false;
  const forced = io.env.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (io.env.TERM === 'dumb') return false;
  return stream === 'stdout' ? io.stdoutIsTerminal : io.stderrIsTerminal;
}
