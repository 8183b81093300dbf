import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { chart, escapeXml } from '../../scripts/bench-chart.mjs';
import type { Outcome } from '../../scripts/bench-report.mjs';

const outcome: Outcome = {
  name: 'commands',
  title: 'Commands: <whole> processes & "more"',
  lines: [
    { cells: { command: 'klist' }, column: 'times node', better: 'lower', bound: 1.2 },
    { cells: { command: 'a < b' }, column: 'faster', better: 'higher', bound: 2 },
    { cells: { command: 'none' }, column: 'faster', better: 'higher', bound: 2 },
  ],
  rows: [
    { command: 'klist', Node: '20', 'times node': 1.2 },
    { command: 'klist', Node: '22', 'times node': 2.4 },
    { command: 'a < b', faster: 20 },
  ],
};

/** The widths of the bars, in their order, and their classes. */
function bars(svg: string) {
  return [...svg.matchAll(/<rect class="(\w+)" .* width="([\d.]+)"/g)].map(([, kind, width]) => ({
    kind,
    width: Number(width),
  }));
}

describe('the chart of the benchmarks', () => {
  it('has a bar for each figure, which ends at the line, short of it or beyond', () => {
    const svg = chart([outcome]);
    const lineAt = Number(/class="line" d="M([\d.]+)/.exec(svg)![1]);
    const start = Number(/<rect class="met" x="([\d.]+)"/.exec(svg)![1]);
    const reached = lineAt - start;
    expect(bars(svg)).toEqual([
      { kind: 'met', width: reached },
      { kind: 'unmet', width: reached / 2 },
      { kind: 'met', width: reached * 2 }, // cut off
    ]);
    expect(start + reached * 2).toBeLessThanOrEqual(Number(/viewBox="0 0 (\d+) /.exec(svg)![1]));
  });

  it('says in words what the bars show, for those who see none', () => {
    const svg = chart([outcome]);
    expect(svg).toContain('>✔ klist, Node 20: times node ≤ 1.2: 1.200<');
    expect(svg).toContain('>✘ klist, Node 22: times node ≤ 1.2: 2.400<');
    expect(svg).toContain('>✔ a &lt; b: faster ≥ 2: 20 »<');
    expect(svg).toContain('>none: faster ≥ 2: not measured<');
  });

  it('leaves out benchmarks without lines, and is an empty drawing without any', () => {
    const svg = chart([{ name: 'codec', title: 'Codec', rows: [{ message: 'Ticket', bytes: 400 }] }]);
    expect(svg).not.toContain('Codec');
    expect(bars(svg)).toEqual([]);
  });

  it('is well-formed, whatever is in the texts', () => {
    const hostile = '</text><script>"\'&\0\x1b[31m\ud800\ufffe]]>';
    const svg = chart([
      {
        name: hostile,
        title: hostile,
        lines: [{ cells: { [hostile]: hostile }, column: 'number', better: 'lower', bound: 1 }],
        rows: [{ [hostile]: hostile, number: 1 }],
      },
      outcome,
    ]);
    expect(svg).not.toContain('<script>');
    const parse =
      'import sys, xml.dom.minidom as m; print(m.parse(sys.stdin.buffer).documentElement.tagName)';
    const { stdout, stderr, error } = spawnSync('python3', ['-c', parse], { input: svg, encoding: 'utf8' });
    if (error === undefined) expect({ stdout, stderr }).toEqual({ stdout: 'svg\n', stderr: '' });
    expect(escapeXml(hostile)).toBe('&lt;/text&gt;&lt;script&gt;&quot;&#39;&amp; [31m ]]&gt;');
  });
});
