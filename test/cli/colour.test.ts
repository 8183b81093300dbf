import { describe, expect, it } from 'vitest';
import { type ColourOptions, loadColours } from '../../src/cli/terminal/colour.ts';

async function isOn(
  env: Record<string, string>,
  terminals: { stdout?: boolean; stderr?: boolean },
  options?: ColourOptions,
): Promise<boolean> {
  const io = {
    env,
    stdoutIsTerminal: terminals.stdout ?? false,
    stderrIsTerminal: terminals.stderr ?? false,
  };
  return (await loadColours(io, options)).red('text') !== 'text';
}

describe('loadColours', () => {
  it('marks text with the escape sequences of a terminal', async () => {
    const { bold, red } = await loadColours({ env: {}, stdoutIsTerminal: true, stderrIsTerminal: true });
    expect(red('late')).toBe('\x1b[31mlate\x1b[39m');
    expect(bold('late')).toBe('\x1b[1mlate\x1b[22m');
  });

  it.each([
    ['on for a terminal', true, {}, { stdout: true }, {}],
    ['off for a pipe', false, {}, { stderr: true }, {}],
    ['decided by the stream asked for', true, {}, { stderr: true }, { stream: 'stderr' }],
    ['off with NO_COLOR', false, { NO_COLOR: '1' }, { stdout: true }, {}],
    ['on with an empty NO_COLOR', true, { NO_COLOR: '' }, { stdout: true }, {}],
    ['off on a dumb terminal', false, { TERM: 'dumb' }, { stdout: true }, {}],
    ['on for a pipe with FORCE_COLOR', true, { FORCE_COLOR: '1', TERM: 'dumb' }, {}, {}],
    ['off for a terminal with FORCE_COLOR=0', false, { FORCE_COLOR: '0' }, { stdout: true }, {}],
    ['off with NO_COLOR and FORCE_COLOR', false, { NO_COLOR: '1', FORCE_COLOR: '1' }, { stdout: true }, {}],
    ['on with --color=always whatever the environment', true, { NO_COLOR: '1' }, {}, { when: 'always' }],
    ['off with --color=never', false, { FORCE_COLOR: '1' }, { stdout: true }, { when: 'never' }],
  ] as const)('is %s', async (_, on, env, terminals, options) => {
    expect(await isOn(env, terminals, options)).toBe(on);
  });
});
