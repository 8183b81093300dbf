/** Prints the interoperability matrix: a row for each capability, a column for each KDC, and why a cell is empty. */
export default class MatrixReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const columns = [];
    const rows = new Map();
    const notes = [];
    const failures = unhandledErrors.map(brief);
    for (const module of modules) {
      for (const suite of [module, ...module.children.allSuites()]) {
        failures.push(...suite.errors().map(brief));
      }
      for (const test of module.children.allTests()) {
        const column = columnOf(test);
        if (!columns.includes(column)) columns.push(column);
        const name = test.name.replace(/^has not got: /, '');
        const cells = rows.get(name) ?? new Map();
        rows.set(name, cells.set(column, cellOf(test, notes)));
        const { state, errors = [] } = test.result();
        if (state === 'failed') failures.push(`${column}: ${name}: ${errors.map(brief)}`);
      }
    }
    print([
      ['', ...columns],
      ...[...rows].map(([name, cells]) => [name, ...columns.map(column => cells.get(column) ?? '')]),
    ]);
    for (const [index, note] of notes.entries())
      console.log(`${index === 0 ? '\n' : ''}${index + 1}  ${note}`);
    if (failures.length > 0) console.log(`\nFAILED\n${failures.map(text => `  ${text}`).join('\n')}`);
  }
}

/** The suite named after a KDC is inside the one named after the clients. */
function columnOf(test) {
  const names = [];
  for (let { parent } = test; parent.type === 'suite'; { parent } = parent) names.unshift(parent.name);
  return names[1];
}

/** The test of a missing capability asserts that it fails. */
function cellOf(test, notes) {
  const { state } = test.result();
  const { lacks } = test.meta();
  if (state === 'failed') return 'FAILED';
  if (state !== 'passed') return 'not run';
  if (lacks === undefined) return 'ok';
  if (!notes.includes(lacks)) notes.push(lacks);
  return `– ${notes.indexOf(lacks) + 1}`;
}

/** The message on one line; its end is most informative: the last thing that a command printed. */
function brief({ message }) {
  const line = message.replaceAll(/\s+/g, ' ').trim();
  return line.length > 400 ? `… ${line.slice(-400)}` : line;
}

function print(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map(line => line[column].length)));
  for (const line of lines) {
    console.log(
      line
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  }
}
