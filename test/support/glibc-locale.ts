/** What a made-up locale says; the rest is that of C. */
interface MadeUpTime {
  readonly dateTimeFormat?: string;
  readonly dateFormat?: string;
  readonly timeFormat?: string;
  readonly monday?: string;
  readonly november?: string;
  readonly eras?: readonly string[];
  readonly altDigits?: readonly string[];
}

/** A compiled LC_TIME as localedef writes it, in either byte order. */
export function compiledTime(time: MadeUpTime = {}, { bigEndian = false } = {}): Buffer {
  const month = (index: number) => (index === 10 ? (time.november ?? 'Nov') : `Mon${index + 1}`);
  const day = (index: number) => (index === 1 ? (time.monday ?? 'Mon') : `Day${index}`);
  const items: string[] = [
    ...Array.from({ length: 14 }, (_, index) => day(index % 7)),
    ...Array.from({ length: 24 }, (_, index) => month(index % 12)),
    'AM',
    'PM',
    time.dateTimeFormat ?? '%a %b %e %H:%M:%S %Y',
    time.dateFormat ?? '%m/%d/%y',
    time.timeFormat ?? '%H:%M:%S',
    '%I:%M:%S %p',
    (time.eras ?? []).join('\0'),
    '',
    '',
    (time.altDigits ?? []).join('\0'),
    '',
  ];
  const texts = items.map(item => Buffer.from(`${item}\0`));
  const words = [0x20031117, items.length];
  let at = 4 * (2 + items.length);
  for (const text of texts) {
    words.push(at);
    at += text.length;
  }
  return Buffer.concat([wordsToBytes(words, bigEndian), ...texts]);
}

/** A locale-archive that holds LC_TIME of these locales, by normalised name. */
export function localeArchive(locales: Readonly<Record<string, Buffer>>, { bigEndian = false } = {}): Buffer {
  const names = Object.keys(locales);
  const slots = 7 + 2 * names.length;
  const table = Array.from({ length: 3 * slots }, () => 0);
  const recordLength = 4 * (1 + 2 * 13);
  const stringsAt = 56 + 12 * slots;
  const strings = Buffer.from(names.map(name => `${name}\0`).join(''));
  const recordsAt = stringsAt + strings.length;
  let dataAt = recordsAt + recordLength * names.length;
  let nameAt = stringsAt;

  const records: number[] = [];
  for (const [index, name] of names.entries()) {
    const hash = hashName(name);
    let slot = hash % slots;
    while (table[3 * slot + 1] !== 0) slot = (slot + 1 + (hash % (slots - 2))) % slots;
    table.splice(3 * slot, 3, hash, nameAt, recordsAt + recordLength * index);
    records.push(1, 0, 0, 0, 0, dataAt, locales[name]!.length, ...Array.from({ length: 20 }, () => 0));
    nameAt += name.length + 1;
    dataAt += locales[name]!.length;
  }
  const header = [0xde020109, 1, 56, names.length, slots, stringsAt, strings.length, strings.length];
  const rest = [recordsAt, names.length, names.length, 0, 0, 0];
  return Buffer.concat([
    wordsToBytes([...header, ...rest, ...table], bigEndian),
    strings,
    wordsToBytes(records, bigEndian),
    ...names.map(name => locales[name]!),
  ]);
}

function hashName(name: string): number {
  let hash = BigInt(name.length);
  for (const character of Buffer.from(name)) {
    hash = ((((hash << 9n) | (hash >> 23n)) & 0xffffffffn) + BigInt(character)) & 0xffffffffn;
  }
  return Number(hash);
}

function wordsToBytes(words: readonly number[], bigEndian: boolean): Buffer {
  const bytes = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) {
    if (bigEndian) bytes.writeUInt32BE(word, 4 * index);
    else bytes.writeUInt32LE(word, 4 * index);
  }
  return bytes;
}
