import { bytesToHex, textToBytes } from '../../codec/text.ts';
import { enctypeName } from '../../crypto/enctype-names.ts';
import { KeytabError } from '../../errors.ts';
import { resolveKeytab } from '../../keytab/keytab.ts';
import { during } from '../../local/activity.ts';
import { formatPrincipal } from '../../messages/principal.ts';
import { formatTimestampCell } from '../locale/time-format.ts';
import { userLocale } from '../locale/user-locale.ts';
import { leadingInteger } from './line.ts';
import type { Workbench } from './workbench.ts';

type Words = readonly string[];

/** A row of the table of requests. */
interface Request {
  readonly names: readonly string[];
  readonly text: string;
  /** Does it; `quit` says that it was the last one. The first of the words is the name that it was called by. */
  run(words: Words, bench: Workbench): Promise<'quit' | undefined>;
}

const requests: readonly Request[] = [
  row('clear_list, clear', 'Clear the current keylist.', clear),
  row('read_kt, rkt', 'Read a krb5 keytab into the current keylist.', readKeytab),
  row('read_st, rst', 'Deprecated and removed.', ([name], { io }) =>
    io.err(`${name}: reading srvtabs is no longer supported\n`),
  ),
  row('write_kt, wkt', 'Write the current keylist to a krb5 keytab.', writeKeytab),
  row('write_st, wst', 'Deprecated and removed.', ([name], { io }) =>
    io.err(`${name}: writing srvtabs is no longer supported\n`),
  ),
  row('add_entry, addent', 'Add an entry to the current keylist.', async (words, bench) => {
    const { addEntry } = await import('./addent.ts');
    await addEntry(words, bench);
  }),
  row('delete_entry, delent', 'Delete an entry from the current keylist.', deleteEntry),
  row('list, l', 'List the current keylist.', list),
  row('list_requests, lr, ?', 'List available requests.', listRequests),
  { names: ['quit', 'exit', 'q'], text: 'Exit program.', run: async () => 'quit' },
];

/** The request of a name; undefined where there is none. */
export function requestNamed(name: string): Request | undefined {
  return requests.find(({ names }) => names.includes(name));
}

function row(
  names: string,
  text: string,
  work: (words: Words, bench: Workbench) => void | Promise<void>,
): Request {
  return {
    names: names.split(', '),
    text,
    async run(words, bench) {
      await work(words, bench);
      return undefined;
    },
  };
}

function clear([name, ...rest]: Words, bench: Workbench): void {
  if (rest.length > 0) bench.io.err(`${name}: invalid arguments\n`);
  else bench.list = [];
}

async function readKeytab([name, path, ...rest]: Words, bench: Workbench): Promise<void> {
  if (path === undefined || rest.length > 0) {
    bench.io.err(`${name}: must specify keytab to read\n`);
    return;
  }
  const read = await during(`reading keytab "${path}"`, async () => resolveKeytab(path).entries());
  bench.list = [...bench.list, ...read];
}

async function writeKeytab([name, path, ...rest]: Words, bench: Workbench): Promise<void> {
  if (path === undefined || rest.length > 0) {
    bench.io.err(`${name}: must specify keytab to write\n`);
    return;
  }
  if (bench.list.length === 0) return;
  const timestamp = bench.io.now();
  bench.list = bench.list.map(entry => ({ ...entry, timestamp }));
  await during(`writing keytab "${path}"`, async () => resolveKeytab(`WRFILE:${path}`).add(bench.list));
}

async function deleteEntry([name, slot, ...rest]: Words, bench: Workbench): Promise<void> {
  if (slot === undefined || rest.length > 0) {
    bench.io.err(`${name}: must specify entry to delete\n`);
    return;
  }
  const number = leadingInteger(slot);
  await during(`deleting entry ${number}`, () => {
    if (number < 1 || number > bench.list.length) throw new KeytabError('KEYTAB_NO_KEY', 'Invalid argument');
    bench.list = bench.list.filter((_, i) => i !== number - 1);
  });
}

/** Bytes; what MIT's buffer for a time holds. */
const TIME_WIDTH = 17;
const NAME_WIDTH = 40;
/** The dashes under the heading end here. */
const LINE_WIDTH = 79;

function list([name, ...options]: Words, { io, list: entries }: Workbench): void {
  if (options.some(option => !['-t', '-k', '-e'].includes(option))) {
    io.err(`${name}: usage: ${name} [-t] [-k] [-e]\n`);
    return;
  }
  const has = (option: string): boolean => options.includes(option);
  const locale = has('-t') ? userLocale(io.env) : undefined;
  const timeTitle = locale && `${'Timestamp'.padEnd(TIME_WIDTH)} `;
  const head = `slot KVNO ${timeTitle ?? ''}`;
  const dashes = '-'.repeat(LINE_WIDTH - head.length);
  const underTime = locale ? `${'-'.repeat(TIME_WIDTH)} ` : '';
  io.out(`${head}Principal\n---- ---- ${underTime}${dashes}\n`);
  for (const [i, entry] of entries.entries()) {
    const time = locale ? formatTimestampCell(entry.timestamp, locale, TIME_WIDTH) : '';
    const { principal, kvno, key } = entry;
    const slot = `${String(i + 1).padStart(4)} ${String(kvno | 0).padStart(4)} `;
    io.out(`${slot}${time && `${time} `}${rightAligned(formatPrincipal(principal))}`);
    const etype = enctypeName(key.keytype);
    if (has('-e') && etype === undefined) {
      io.err(`${name}: Invalid argument While converting enctype to string\n`);
      return;
    }
    const hex = has('-k') ? ` (0x${bytesToHex(key.keyvalue)})` : '';
    io.out(`${has('-e') ? ` (${etype}) ` : ''}${hex}\n`);
  }
}

function rightAligned(text: string): string {
  return ' '.repeat(Math.max(0, NAME_WIDTH - textToBytes(text).length)) + text;
}

function listRequests(_: Words, { io }: Workbench): void {
  const lines = requests.map(({ names, text }) => `${names.join(', ').padEnd(24)} ${text}\n`);
  io.out(`Available ktutil requests:\n\n${lines.join('')}`);
}
