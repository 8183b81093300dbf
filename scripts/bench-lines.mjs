// Compares the figures of a benchmark with the lines that it declares.

/** A verdict for each row that a line applies to; if no row has the figure, one without a row and a value. */
export function judge(rows, lines = []) {
  return lines.flatMap(line => {
    const found = rows.filter(row => fits(row, line));
    if (found.length === 0) return [{ line, label: nameCells(line.cells) }];
    return found.map(row => ({
      line,
      row,
      label: labelOf(row, line),
      value: row[line.column],
      met: line.better === 'lower' ? row[line.column] <= line.bound : row[line.column] >= line.bound,
    }));
  });
}

/** The ratio of a figure to its line, such that more than 1 is better than the line. */
export function reach({ line: { better, bound }, value }) {
  return better === 'lower' ? bound / value : value / bound;
}

/** A line in words, such as `times node ≤ 1.2`. */
export function lineText({ column, better, bound }) {
  return `${column} ${better === 'lower' ? '≤' : '≥'} ${bound}`;
}

/** A verdict's line with the row it applies to: `klist, Node 20.20.2: times node ≤ 1.2`. */
export function fullText({ label, line }) {
  return label === '' ? lineText(line) : `${label}: ${lineText(line)}`;
}

/** A figure in readable form. */
export function number(value, digits = 3) {
  return Number.isInteger(value) || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(digits);
}

function fits(row, { cells, column }) {
  const hasCells = Object.entries(cells).every(([name, value]) => row[name] === value);
  return hasCells && Number.isFinite(row[column]);
}

/** The label of a row: its words, and the numbers by which the line selects rows. */
function labelOf(row, { cells }) {
  const words = Object.entries(row).filter(([, value]) => typeof value === 'string' && value !== '');
  const numbers = Object.entries(cells).filter(([, value]) => typeof value === 'number');
  return nameCells(Object.fromEntries([...words, ...numbers]));
}

function nameCells(cells) {
  const text = ([name, value], at) => (at === 0 && typeof value === 'string' ? value : `${name} ${value}`);
  return Object.entries(cells).map(text).join(', ');
}
