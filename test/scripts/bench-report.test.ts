import { describe, expect, it } from 'vitest';
import { type Outcome, report, section } from '../../scripts/bench-report.mjs';

const about = {
  date: new Date('2026-01-02T03:04:05Z'),
  machine: [['CPU', 'Some | CPU']],
  versions: [['MIT krb5', '1.20.1']],
} as const;

const commands: Outcome = {
  name: 'commands',
  title: 'Commands',
  lines: [
    { cells: { command: 'klist' }, column: 'times node', better: 'lower', bound: 1.2 },
    { cells: { command: 'kinit' }, column: "times MIT's", better: 'lower', bound: 1.15 },
  ],
  rows: [
    { command: 'klist', Node: '20.20.2', 'times node': 1.104 },
    { command: 'klist', Node: '24.21.0', 'times node': 1.31 },
    { command: 'kvno', Node: '20.20.2', 'times node': 5 },
  ],
};

const agent: Outcome = {
  name: 'agent',
  title: 'Agent',
  lines: [{ cells: {}, column: 'times', better: 'higher', bound: 1 }],
  rows: [
    { work: 'list', times: 1 },
    { work: 'store', times: 0.98 },
    { work: 'memory', MB: 60 },
  ],
};

describe('the report of the benchmarks', () => {
  it('marks each row of a line by whether its figure reaches it, and no other row', () => {
    expect(section(commands)).toBe(
      [
        '## Commands',
        '',
        '| command | Node | times node | line |',
        '| --- | --- | --- | --- |',
        '| klist | 20.20.2 | 1.10 | ✔ times node ≤ 1.2 |',
        '| klist | 24.21.0 | 1.31 | ✘ times node ≤ 1.2 |',
        '| kvno | 20.20.2 | 5 |  |',
      ].join('\n'),
    );
  });

  it('takes a figure for good at the line itself, and above it where more is better', () => {
    const text = section(agent);
    expect(text).toContain('| list | 1 |  | ✔ times ≥ 1 |');
    expect(text).toContain('| store | 0.980 |  | ✘ times ≥ 1 |');
    expect(text).toContain('| memory |  | 60 |  |');
  });

  it('has no column for lines where none are declared', () => {
    expect(section({ name: 'codec', title: 'Codec', rows: [{ message: 'Ticket', bytes: 400 }] })).toBe(
      '## Codec\n\n| message | bytes |\n| --- | --- |\n| Ticket | 400 |',
    );
  });

  it('counts the figures, and names those that fall short and the lines without one', () => {
    const text = report([commands, agent], about);
    expect(text).toContain(
      '2 of 4 figures reach their lines, 1 lines were not measured, 0 of 2 benchmarks failed.',
    );
    expect(text).toContain('- commands: klist, Node 24.21.0: times node ≤ 1.2: ✘ 1.310\n');
    expect(text).toContain("- commands: kinit: times MIT's ≤ 1.15: not measured\n");
    expect(text).toContain('- agent: store: times ≥ 1: ✘ 0.9800\n');
  });

  it('tells a benchmark that has failed, with its message, among those that have not', () => {
    const failed = { name: 'gss', title: 'GSS', error: 'no KDC:\n  port <88> | taken' };
    const text = report([failed, agent], about);
    expect(text).toContain('## GSS\n\n✘ failed: no KDC: port \\<88> \\| taken');
    expect(text).toContain('1 of 2 benchmarks failed.');
    expect(text).toContain('## Agent');
  });

  it('tells one that cannot be loaded by its name', () => {
    expect(section({ name: 'gss', error: 'bad import' })).toBe('## gss\n\n✘ failed: bad import');
  });

  it('says so where nothing was measured', () => {
    expect(section({ name: 'gss', title: 'GSS', rows: [] })).toContain('Nothing was measured');
  });

  it('names the date, the machine and the versions', () => {
    const text = report([agent], about);
    expect(text).toContain('2026-01-02T03:04:05.000Z');
    expect(text).toContain('| CPU | Some \\| CPU |');
    expect(text).toContain('| MIT krb5 | 1.20.1 |');
  });
});
