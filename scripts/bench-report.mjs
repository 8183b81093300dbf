// The report of the benchmarks in Markdown.
import { fullText, judge, lineText, number } from './bench-lines.mjs';

/** The whole report: `outcomes` of benchmarks, and tables of `[name, value]` about the machine and the versions. */
export function report(outcomes, { date, machine, versions }) {
  const parts = [
    '# Benchmarks of krb5kit',
    `${date.toISOString()}. ${summary(outcomes)}`,
    '![How far each figure reaches its line](chart.svg)',
    ...shortcomings(outcomes),
    '## Machine',
    pairs(machine),
    '## Versions',
    pairs(versions),
    ...outcomes.map(section),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The section of one benchmark, which is also printed on the terminal. */
export function section({ name, title, error, rows, lines }) {
  if (error !== undefined) return `## ${inOneLine(title ?? name)}\n\n✘ failed: ${inOneLine(error)}`;
  const body =
    rows.length === 0 ? 'Nothing was measured: what it needs is not installed.' : table(rows, lines);
  return `## ${inOneLine(title)}\n\n${body}`;
}

function summary(outcomes) {
  const verdicts = outcomes.flatMap(({ rows = [], lines }) => judge(rows, lines));
  const count = wanted => verdicts.filter(wanted).length;
  const failed = outcomes.filter(({ error }) => error !== undefined).length;
  const met = `${count(({ met }) => met)} of ${count(({ row }) => row)} figures reach their lines`;
  const unmeasured = `${count(({ row }) => !row)} lines were not measured`;
  return `${met}, ${unmeasured}, ${failed} of ${outcomes.length} benchmarks failed.`;
}

function shortcomings(outcomes) {
  const items = outcomes.flatMap(({ name, error, rows = [], lines }) => [
    ...(error === undefined ? [] : [`- ✘ \`${name}\` failed: ${inOneLine(error)}`]),
    ...judge(rows, lines)
      .filter(({ met }) => !met)
      .map(verdict => {
        const figure = verdict.row ? `✘ ${number(verdict.value, 4)}` : 'not measured';
        return `- ${name}: ${inOneLine(fullText(verdict))}: ${figure}`;
      }),
  ]);
  return items.length === 0 ? [] : ['## What falls short', items.join('\n')];
}

function table(rows, lines = []) {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))];
  const verdicts = judge(rows, lines);
  const last = lines.length === 0 ? [] : ['line'];
  const cells = [
    [...columns, ...last],
    [...columns, ...last].map(() => '---'),
    ...rows.map(row => [
      ...columns.map(column => cell(row[column])),
      ...last.map(() => marks(row, verdicts)),
    ]),
  ];
  return cells.map(line => `| ${line.map(inOneLine).join(' | ')} |`).join('\n');
}

function marks(row, verdicts) {
  return verdicts
    .filter(verdict => verdict.row === row)
    .map(({ line, met }) => `${met ? '✔' : '✘'} ${lineText(line)}`)
    .join('; ');
}

function pairs(list) {
  const lines = list.map(([name, value]) => `| ${inOneLine(name)} | ${inOneLine(value)} |`);
  return ['| | |', '| --- | --- |', ...lines].join('\n');
}

function cell(value) {
  return typeof value === 'number' ? number(value) : String(value ?? '');
}

/** Text on one line in which neither a table cell nor a tag can end. */
function inOneLine(text) {
  return text.replace(/\s*\n\s*/g, ' ').replace(/[|<]/g, '\\$&');
}
