import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CacheContents, Ccache, CcacheEnvironment } from '../../src/ccache/ccache.ts';
import { keychainType } from '../../src/ccache/keychain.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { scratch } from '../ccache/samples.ts';
import { credential, NOW } from '../ccache/tickets.ts';
import { memoryKeychain } from '../support/memory-keychain.ts';

// Who has the files of a data directory, but not the key.

const people = ['geraldine', 'wilhelmina', 'theodora'];
const words = [...people, 'SECRET.EXAMPLE', 'krbtgt', 'vault', 'archive', 'HTTP'];
const STEP = 4096;

function ticket(name: string, server: string): Credential {
  return credential(`${server}@SECRET.EXAMPLE`, {
    client: parsePrincipal(`${name}@SECRET.EXAMPLE`),
    ticket: randomBytes(700),
    key: { keytype: 18, keyvalue: randomBytes(32) },
  });
}

function holdings(name: string, servers: readonly string[]): CacheContents {
  const principal = parsePrincipal(`${name}@SECRET.EXAMPLE`);
  return { principal, credentials: servers.map(server => ticket(name, server)), kdcOffset: undefined };
}

function setting(): CcacheEnvironment {
  const chain = memoryKeychain();
  return { dataDirectory: join(scratch(), 'data'), keychain: async () => chain };
}

/** Whatever there is below a directory: names, bytes, where links lead. */
function everythingBelow(directory: string): Buffer {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const texts = entries.map(name => {
    const path = join(directory, name);
    if (lstatSync(path).isSymbolicLink()) return Buffer.from(readlinkSync(path));
    return lstatSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
  });
  return Buffer.concat([Buffer.from(entries.join('\n')), ...texts]);
}

/** The words, and pieces of the tickets and keys, that are in the bytes in any usual form. */
function found(bytes: Buffer, tickets: readonly Credential[]): readonly string[] {
  const forms = (secret: Buffer): readonly Buffer[] => [
    secret,
    Buffer.from(secret.toString('hex')),
    Buffer.from(secret.toString('base64').replace(/=+$/, '')),
    Buffer.from(secret.toString('latin1'), 'utf16le'),
  ];
  const pieces = tickets.flatMap(each => [each.ticket.subarray(300, 324), each.key.keyvalue]);
  return [...words.map(word => Buffer.from(word)), ...pieces.map(piece => Buffer.from(piece))]
    .filter(secret => forms(secret).some(form => bytes.includes(form)))
    .map(secret => secret.toString('latin1'));
}

describe('sealed tickets', () => {
  it('show no principal, realm, host, ticket or key, whatever is done with them', async () => {
    const here = setting();
    const path = join(here.dataDirectory, 'tickets');
    const all = people.map(name => holdings(name, ['krbtgt/SECRET.EXAMPLE', 'HTTP/vault.secret.example']));
    const more = ticket(people[0]!, 'host/archive.secret.example');
    const secrets = [...all.flatMap(({ credentials }) => credentials), more];
    const cache = (name: string): Ccache => keychainType.resolve(`${name}@SECRET.EXAMPLE`, here);
    const work = [
      ...all.map((contents, i) => () => cache(people[i]!).initialize(contents)),
      () => cache(people[0]!).store([more], NOW),
      () => keychainType.collection!('', here)!.setPrimary(cache(people[1]!)),
      () => cache(people[0]!).remove(({ server }) => server.components[0] === 'HTTP'),
      () => cache(people[2]!).destroy(),
    ];
    for (const step of work) {
      await step();
      expect(found(everythingBelow(here.dataDirectory), secrets)).toEqual([]);
      expect(statSync(path).size % STEP).toBe(0);
      expect(statSync(path).mode & 0o077).toBe(0);
    }
    expect(statSync(here.dataDirectory).mode & 0o077).toBe(0);
    // The same search does find what is there to be found.
    const [first] = secrets;
    expect(
      found(Buffer.from(`geraldine ${Buffer.from(first!.ticket).toString('hex')}`), secrets),
    ).toHaveLength(2);
  });

  it('are as long with one ticket as with several, and differ wholly each time they are written', async () => {
    const files: Buffer[] = [];
    const here = setting();
    const cache = keychainType.resolve('', here);
    for (const servers of [['krbtgt/SECRET.EXAMPLE'], ['krbtgt/SECRET.EXAMPLE', 'HTTP/a', 'HTTP/b']]) {
      await cache.initialize(holdings('geraldine', servers));
      files.push(readFileSync(join(here.dataDirectory, 'tickets')));
    }
    const [one, several] = files as [Buffer, Buffer];
    expect([one.length, several.length]).toEqual([STEP, STEP]);
    const header = one.indexOf('\n') + 1;
    const equal = one.subarray(header).filter((byte, i) => byte === several[header + i]).length;
    // One byte of 256 is equal by chance.
    expect(equal).toBeLessThan(STEP / 64);
  });
});
