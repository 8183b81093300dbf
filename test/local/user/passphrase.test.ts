import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../../ccache/samples.ts';
import { buildProgram } from '../../support/build-program.ts';
import { hasPty, runInPty } from '../../support/pty.ts';

const source = `
import { askPassphrase } from './src/local/user/passphrase.ts';
import { processIo } from './src/cli/terminal.ts';
const io = processIo(process);
try {
  io.out(await askPassphrase(process.argv[2], io));
} catch (error) {
  io.err(error.message + '\\n');
  process.exitCode = 1;
}
`;

describe.skipIf(!hasPty())('a passphrase from a terminal (needs python3 for the pty)', () => {
  it('is not echoed, and the prompt is shown though the output goes elsewhere', () => {
    const folder = scratch();
    const program = join(folder, 'ask.mjs');
    buildProgram(source, program);
    const ask = (purpose: string, ...answers: readonly (readonly [string, string])[]) =>
      runInPty(
        ['sh', '-c', `exec "${process.execPath}" "${program}" ${purpose} > "${folder}/out"`],
        answers.map(([prompt, typed]) => ({ expect: prompt, send: `${typed}\r` })),
      );

    expect(ask('open', ['Passphrase of', 'horse'])).toEqual({
      shown: 'Passphrase of the sealed tickets: \r\n',
      status: 0,
      sane: true,
    });
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('horse');
    expect(ask('choose', ['New passphrase', 'horse'], ['again', 'house'])).toEqual({
      shown: 'New passphrase for the sealed tickets: \r\nEnter it again: \r\nThe passphrases differ\r\n',
      status: 1,
      sane: true,
    });
  });
});
