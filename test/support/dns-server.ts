import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** The records of a DNS server, by `TYPE name` in lower case; undefined keeps it silent. */
export type Zone = Readonly<Record<string, string | undefined>>;

export interface DnsServer extends AsyncDisposable {
  /** `address:port`. */
  readonly address: string;
  /** The queries so far, as `TYPE name`. */
  readonly asked: readonly string[];
}

interface DnsOptions {
  /** 127.0.0.1 if not given. */
  readonly address?: string;
  /** One that is free if not given. */
  readonly port?: number;
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 5: 'CNAME', 16: 'TXT', 28: 'AAAA' };
const HEADER = 12;
const NAME_ERROR = 3;

/** A DNS server over UDP for records of types A, CNAME and TXT; it follows aliases, and knows no other names. */
export async function startDns(
  zone: Zone,
  { address = '127.0.0.1', port = 0 }: DnsOptions = {},
): Promise<DnsServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type } = questionOf(query);
    asked.push(`${type} ${name}`);
    const answers = answersTo(name, type, zone);
    if (answers !== undefined) socket.send(reply(query, answers, knows(name, zone)), from.port, from.address);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return {
    address: `${address}:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function knows(name: string, zone: Zone): boolean {
  return Object.keys(zone).some(key => key.endsWith(` ${name}`));
}

function answersTo(name: string, type: string, zone: Zone): readonly Buffer[] | undefined {
  const own = `${type} ${name}`;
  if (own in zone) {
    const value = zone[own];
    return value === undefined ? undefined : [record(name, type, value)];
  }
  const alias = zone[`CNAME ${name}`];
  if (alias === undefined) return [];
  const rest = answersTo(alias, type, zone);
  return rest && [record(name, 'CNAME', alias), ...rest];
}

function questionOf(query: Buffer): { readonly name: string; readonly type: string } {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  return { name: labels.join('.'), type: TYPES[type] ?? String(type) };
}

function reply(query: Buffer, answers: readonly Buffer[], known: boolean): Buffer {
  const end = query.indexOf(0, HEADER) + 5;
  const message = Buffer.from(query.subarray(0, end));
  message.writeUInt16BE(0x8580 | (known ? 0 : NAME_ERROR), 2);
  message.writeUInt16BE(answers.length, 6);
  message.fill(0, 8, HEADER);
  return Buffer.concat([message, ...answers]);
}

function record(name: string, type: string, value: string): Buffer {
  const code = Number(Object.keys(TYPES).find(key => TYPES[Number(key)] === type));
  const data = dataOf(type, value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(code, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(5, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function dataOf(type: string, value: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number));
    case 'CNAME':
      return encodeName(value);
    default:
      return Buffer.concat([Buffer.of(value.length), Buffer.from(value, 'latin1')]);
  }
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map(label => Buffer.from(label, 'latin1'));
  return Buffer.concat([...labels.flatMap(label => [Buffer.of(label.length), label]), Buffer.of(0)]);
}
