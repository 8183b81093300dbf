import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { explain } from '../../src/cli/explain.ts';
import { kdcStatus } from '../../src/cli/kdc/control.ts';
import { kdc } from '../../src/cli/kdc.ts';
import { ktutil } from '../../src/cli/ktutil.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { scratch } from '../ccache/samples.ts';
import { captureIo } from '../support/io.ts';
import { outputOf } from '../support/output-schema.ts';

let home: string;
beforeEach(() => {
  home = scratch();
});

const loaded = await Promise.all(Object.values(commands).map(({ load }) => load()));
const all = loaded.flatMap(withSubcommands).filter(({ options }) => find(options, '--json'));

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...Object.values(command.subcommands ?? {}).flatMap(withSubcommands)];
}

function find(options: Command['options'], flag: string): boolean {
  return options.some(({ flags }) => flags.endsWith(flag));
}

/** Runs a command where nothing is configured, or where the configuration cannot be read. */
async function run(command: Command, argv: readonly string[], { conf = 'none' } = {}) {
  const env = {
    HOME: home,
    XDG_RUNTIME_DIR: home,
    PATH: home,
    KRB5_CONFIG: join(home, conf),
    KRB5CCNAME: `FILE:${join(home, 'cc')}`,
    KRB5_KTNAME: `FILE:${join(home, 'kt')}`,
  };
  const io = captureIo({ env, cwd: home, cacheDirectory: home });
  const status = await runCommand(command, argv, io);
  return { status, io };
}

/** What is on the last line of stderr, before which there may be warnings. */
function failureOf({ status, io }: Awaited<ReturnType<typeof run>>) {
  const failure = outputOf('failure', io.stderr.split(/(?<=\n)/).at(-1)!);
  expect(failure).toMatchObject({ exitStatus: status, program: expect.stringMatching(/^\w/) });
  expect(failure.code).not.toBe('INTERNAL');
  return failure;
}

/** The commands but some, for `it.each`. */
function allBut(...others: readonly Command[]): readonly (readonly [string, Command])[] {
  return all.filter(command => !others.includes(command)).map(command => [command.name, command]);
}

describe('a failure is told in JSON', () => {
  // explain takes everything for its operand.
  it.each(allBut(explain))('by %s, if an option is unknown, or lacks its argument', async (_, command) => {
    const needy = command.options
      .filter(({ flags }) => flags.endsWith('>'))
      .map(({ flags }) => flags.split(/[ ,]/)[0]!);
    for (const wrong of ['--no-such-option', '-\u00e9', ...needy]) {
      for (const argv of [['--json', wrong], ...(wrong.startsWith('--no-such') ? [[wrong, '--json']] : [])]) {
        const ran = await run(command, argv);
        expect([argv, failureOf(ran).code, ran.status]).toEqual([argv, 'USAGE', command.usageStatus]);
      }
    }
  });

  // The others run without a configuration, or print what is wrong with it as their result.
  it.each(allBut(kdc, kdcStatus, doctor, ktutil))(
    'by %s, if it lacks an argument, or the configuration cannot be read',
    async (_, command) => {
      writeFileSync(join(home, 'bad'), '[libdefaults\n');
      for (const operands of [[], ['x'], ['x', 'y']]) {
        const ran = await run(command, ['--json', ...operands], { conf: 'bad' });
        if (ran.status !== 0) failureOf(ran);
        expect(ran.io.stdout).toMatch(/^(?:\{.*\}\n)?$/);
      }
    },
  );
});
