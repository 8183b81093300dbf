import { printable } from '../../codec/text.ts';
import { KerberosError } from '../../errors.ts';
import type { Io } from '../terminal.ts';
import { readUserFile, removeUserFile, writeUserFile } from '../user/file.ts';
import { blockIn, isDamaged, withBlock, withoutBlock } from './block.ts';
import { type ShellFile, shellFiles } from './shells.ts';
import type { Arrangement } from './units.ts';

/** Those with the shells of the user. */
export function shellArrangements(io: Io): readonly Arrangement[] {
  return shellFiles(io).map(file => linesIn(file, io));
}

function linesIn({ path, lines }: ShellFile, io: Io): Arrangement {
  const arrangement: Arrangement = {
    what: path,
    standing() {
      const text = textOf(path);
      const found = text === undefined ? undefined : blockIn(text);
      if (lines === undefined) return found === undefined ? 'impossible' : 'outdated';
      if (found === undefined) return 'absent';
      return text === withBlock(text, lines) ? 'installed' : 'outdated';
    },
    install() {
      // Those that another shell, or another file, has made useless since.
      if (lines === undefined) return arrangement.uninstall();
      writeText(path, withBlock(textOf(path), lines));
      io.out(`${printable(`Added lines to ${path}`)}\n`);
      return 0;
    },
    uninstall() {
      const text = withoutBlock(textOf(path) ?? '');
      if (text === undefined) removeUserFile(path);
      else writeText(path, text);
      io.out(`${printable(text === undefined ? `Removed ${path}` : `Removed lines from ${path}`)}\n`);
      return 0;
    },
  };
  return arrangement;
}

/** A byte per character, so that nothing is lost where it is no UTF-8. */
function textOf(path: string): string | undefined {
  const bytes = readUserFile(path);
  const text = bytes && Buffer.from(bytes).toString('latin1');
  if (text !== undefined && isDamaged(text)) {
    throw new KerberosError(
      'CONFIG_VALUE',
      `${path} has one of the marks around our lines without the other; remove them by hand`,
    );
  }
  return text;
}

function writeText(path: string, text: string): void {
  writeUserFile(path, Buffer.from(text, 'latin1'), 0o644);
}
