// The benchmarks' figures as a drawing: a bar for each figure, compared with its line.
import { fullText, judge, number, reach } from './bench-lines.mjs';

const WIDTH = 960;
const MARGIN = 24;
const MOST = 2; // times the line; what reaches farther is cut off
const LINE_AT = MARGIN + (WIDTH - 2 * MARGIN) / MOST;
const BAR = 12;
const STEP = 40;
const TITLE = 44;
const HEAD = 92;

/** An SVG document with the figures of `outcomes` and their lines, grouped by benchmark. */
export function chart(outcomes) {
  const drawing = [];
  let y = HEAD;
  for (const { name, title, rows = [], lines } of outcomes) {
    const verdicts = judge(rows, lines);
    if (verdicts.length === 0) continue;
    drawing.push(text(MARGIN, y + 26, `${name}: ${firstWords(title ?? name)}`, 'class="title"'));
    y += TITLE;
    for (const verdict of verdicts) {
      drawing.push(...figure(verdict, y));
      y += STEP;
    }
  }
  return document(drawing, y + MARGIN);
}

/** Text for an element or an attribute; characters that XML cannot express become spaces. */
export function escapeXml(value) {
  const names = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return value.replace(/[\p{Cc}\p{Cs}\p{Cn}]+/gu, ' ').replace(/[&<>"']/g, sign => names[sign]);
}

function document(drawing, height) {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="name">`,
    '<title id="name">How far each figure of the benchmarks reaches its line</title>',
    '<style>',
    'text { font: 13px system-ui, sans-serif; fill: #111 }',
    '.head { font-size: 18px; font-weight: bold }',
    '.title { font-weight: bold }',
    '.met { fill: #888 }',
    '.unmet { fill: url(#hatched); stroke: #111 }',
    '.line { stroke: #111; stroke-width: 3 }',
    '</style>',
    '<defs><pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse">',
    '<path d="M0 6L6 0" stroke="#111"/></pattern></defs>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(MARGIN, 34, 'How far each figure reaches its line', 'class="head"'),
    text(
      MARGIN,
      58,
      'The upright lines are what is to be reached; farther is better. Full bars reach them (✔), hatched ones',
    ),
    text(MARGIN, 76, `do not (✘). Bars end at ${MOST} times the line; a figure beyond is marked with ».`),
    ...drawing,
    '</svg>',
  ].join('\n')}\n`;
}

function figure(verdict, y) {
  const { row, value, met } = verdict;
  const wish = fullText(verdict);
  if (row === undefined) return [text(MARGIN, y + 12, `${wish}: not measured`)];
  const far = reach(verdict);
  const width = round((LINE_AT - MARGIN) * Math.min(far, MOST));
  const words = `${met ? '✔' : '✘'} ${wish}: ${number(value, 4)}${far > MOST ? ' »' : ''}`;
  return [
    text(MARGIN, y + 12, words),
    `<rect class="${met ? 'met' : 'unmet'}" x="${MARGIN}" y="${y + 18}" width="${width}" height="${BAR}"/>`,
    `<path class="line" d="M${LINE_AT} ${y + 16}v${BAR + 4}"/>`,
  ];
}

function text(x, y, words, attributes = '') {
  return `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${escapeXml(words)}</text>`;
}

/** The beginning of a title, without the explanation of how things are measured. */
function firstWords(title) {
  const words = title.split(';')[0].trim();
  return words.length <= 100 ? words : `${words.slice(0, 99)}…`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}
