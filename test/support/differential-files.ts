import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CcacheFile } from '../../src/ccache/file/format.ts';
import { bytesToText } from '../../src/codec/text.ts';
import { KeytabFile } from '../../src/keytab/file-format.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { Ticket } from '../../src/messages/ticket.ts';

/** The parts of a file on which two programs can agree: no keys and no nonces, with the times apart. */
interface FileContents {
  readonly text: string;
  /** Its items, if it is a cache or a keytab. */
  readonly items?: readonly string[];
  /** Milliseconds. */
  readonly times: readonly number[];
}

/** Files by their names below the directory. */
export type Contents = Readonly<Record<string, FileContents>>;

/** The changes in a directory that began as a copy of `template`. */
export function contentsOf(directory: string, template: string, names: (text: string) => string): Contents {
  const all = new Set([...filesBelow(directory), ...filesBelow(template)]);
  const contents: Record<string, FileContents> = {};
  for (const name of all) {
    const [now, before] = [read(directory, name), read(template, name)];
    if (
      now !== undefined &&
      before !== undefined &&
      now.mode === before.mode &&
      now.bytes.equals(before.bytes)
    ) {
      continue;
    }
    contents[names(name)] = now === undefined ? { text: 'removed', times: [] } : describeFile(now, names);
  }
  return contents;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' });
}

interface Found {
  readonly mode: number;
  readonly bytes: Buffer;
}

function read(directory: string, name: string): Found | undefined {
  const path = join(directory, name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return { mode: found.mode, bytes: found.isFile() ? readFileSync(path) : Buffer.alloc(0) };
}

function describeFile({ mode, bytes }: Found, names: (text: string) => string): FileContents {
  const head = `mode ${mode.toString(8)}`;
  const described = describeCache(bytes) ?? describeKeytab(bytes);
  if (described === undefined)
    return { text: `${head} ${JSON.stringify(names(bytesToText(bytes)))}`, times: [] };
  const items = described.lines.map(line => JSON.stringify(line));
  return { text: `${head} ${items.join(' ')}`, items, times: described.times };
}

interface Described {
  readonly lines: readonly unknown[];
  readonly times: readonly number[];
}

function describeCache(bytes: Buffer): Described | undefined {
  if (bytes[0] !== 5 || bytes[1] !== 4) return undefined;
  try {
    const { principal, credentials } = CcacheFile.decode(bytes);
    return {
      lines: [
        `cache of ${principal.nameType} ${formatPrincipal(principal)}`,
        ...credentials.map(describeCredential),
      ],
      times: credentials.flatMap(({ authtime, starttime, endtime, renewTill }) =>
        [authtime, starttime, endtime, renewTill].flatMap(time => time?.getTime() ?? []),
      ),
    };
  } catch {
    return undefined;
  }
}

function describeCredential({ client, server, key, ticket, ...rest }: Credential): unknown {
  const { authtime, starttime, endtime, renewTill, secondTicket, ...more } = rest;
  return {
    client: [client.nameType, formatPrincipal(client)],
    server: [server.nameType, formatPrincipal(server)],
    key: [key.keytype, key.keyvalue.length],
    has: [starttime !== undefined, renewTill !== undefined],
    ticket: describeTicket(ticket, starttime !== undefined && starttime.getTime() !== authtime.getTime()),
    second: secondTicket.length === 0 ? undefined : describeTicket(secondTicket),
    ...more,
  };
}

/** Of a time within a ticket, which MIT's KDC leaves out where it is that of the log-in: a second may make it another. */
const TIME_BYTES = 19;

function describeTicket(bytes: Uint8Array, hasStart = false): unknown {
  try {
    const { realm, sname, encPart } = Ticket.decode(bytes);
    return [realm, sname, encPart.etype, encPart.kvno, encPart.cipher.length - (hasStart ? TIME_BYTES : 0)];
  } catch {
    return bytesToText(bytes);
  }
}

function describeKeytab(bytes: Buffer): Described | undefined {
  if (bytes[0] !== 5 || bytes[1] !== 2) return undefined;
  try {
    const entries = KeytabFile.decode(bytes);
    return {
      lines: entries.map(({ timestamp, principal, key, ...rest }) => [
        principal.nameType,
        formatPrincipal(principal),
        key.keytype,
        Buffer.from(key.keyvalue).toString('hex'),
        rest,
      ]),
      times: entries.map(({ timestamp }) => timestamp.getTime()),
    };
  } catch {
    return undefined;
  }
}
