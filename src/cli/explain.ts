import { KerberosError } from '../errors.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { type Explanation, findExplanation } from './explain/lookup.ts';
import { similarErrors } from './explain/similar.ts';
import { lineOfJson } from './json.ts';
import { wrapLine } from './terminal/wrap.ts';
import type { Io } from './terminal.ts';

/** explain: tells what an error means that another program has printed. */
export const explain: Command = {
  name: 'krb5kit explain',
  summary: 'Explain an error number, name or message.',
  operands: 'CODE|MESSAGE',
  usageStatus: 2,
  printsResult: true,
  options: [{ flags: '--json', text: 'Print one line of JSON.' }],
  takesNegative: true, // as MIT's numbers are
  run,
};

/** A message is a line or two. */
const MAX_TEXT = 4096;

async function run(args: Arguments, io: Io): Promise<number> {
  const text = args.operands.join(' ').slice(0, MAX_TEXT);
  if (text === '') throw new UsageError('krb5kit explain: name a number, a name or a message');
  const found = findExplanation(text);
  if (found === undefined) {
    const similar = similarErrors(text);
    const others = similar.length === 0 ? '' : `; similar ones are ${similar.join(', ')}`;
    throw new KerberosError('ERROR_UNKNOWN', `No explanation is known for '${text}'${others}`);
  }
  io.out(args.has('json') ? jsonOf(found) : textOf(found, io));
  return 0;
}

function jsonOf({ number, libraryNumber, hint, ...rest }: Explanation): string {
  const numbers = { number: number ?? null, libraryNumber: libraryNumber ?? null };
  return lineOfJson({ ...numbers, ...rest, hint: hint ?? null });
}

function textOf(explanation: Explanation, { stdoutIsTerminal, columns }: Io): string {
  const { name, number, libraryNumber, sentence, saidBy, causes, hint } = explanation;
  const lines = [
    `${name}${numbersText(number, libraryNumber)}`,
    `  ${sentence}`,
    `Said by: ${saidBy}`,
    ...(causes.length === 0 ? [] : ['Usual causes:', ...causes.map(cause => `  - ${cause}`)]),
    ...(hint === undefined ? [] : [`Try: ${hint}`]),
  ];
  return lines.map(line => `${wrapLine(line, stdoutIsTerminal, columns)}\n`).join('');
}

/** Windows statuses are customarily written in hexadecimal. */
function numbersText(number: number | undefined, libraryNumber: number | undefined): string {
  if (libraryNumber === undefined) return '';
  const shown = libraryNumber > 0x7fffffff ? `0x${libraryNumber.toString(16)}` : `${libraryNumber}`;
  return number === undefined ? ` (${shown})` : ` (${number}, in libraries ${shown})`;
}
