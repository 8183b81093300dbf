import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expandTransited, realmPath } from '../../src/config/realm-path.ts';
import { CodecError } from '../../src/errors.ts';

interface Vectors {
  readonly capaths: Record<string, Record<string, string[]>>;
  readonly walk: readonly { client_realm: string; server_realm: string; tgts: string[] | null }[];
  readonly transited: readonly {
    client_realm: string;
    server_realm: string;
    encoding: string;
    expanded_unordered: string[] | null;
  }[];
}

const file = '../shared/vectors/realm_paths.json';

describe.skipIf(!existsSync(file))('realm paths, known answers', () => {
  const vectors: Vectors = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { capaths: {}, walk: [], transited: [] };

  it.each(vectors.walk)('$client_realm to $server_realm', ({ client_realm, server_realm, tgts }) => {
    const path = realmPath(client_realm, server_realm, vectors.capaths[client_realm]?.[server_realm]);
    const hops = path.slice(1).map((realm, i) => `krbtgt/${realm}@${path[i]}`);
    expect([`krbtgt/${client_realm}@${client_realm}`, ...hops]).toEqual(
      tgts ?? [`krbtgt/${client_realm}@${client_realm}`],
    );
  });

  it.each(vectors.transited)('$encoding between $client_realm and $server_realm', vector => {
    const expand = (): readonly string[] =>
      expandTransited(vector.encoding, vector.client_realm, vector.server_realm);
    if (vector.expanded_unordered === null) expect(expand).toThrow(CodecError);
    else expect([...expand()].sort()).toEqual([...vector.expanded_unordered].sort());
  });
});

describe('transited encodings', () => {
  it('names nothing when empty', () => {
    expect(expandTransited('', 'A', 'B')).toEqual([]);
  });

  it('takes a quoted comma as part of a realm', () => {
    expect(expandTransited('A\\,B,C', 'X', 'Y')).toEqual(['A,B', 'C']);
  });

  it('is bounded', () => {
    expect(() => expandTransited(`X${',a.'.repeat(2000)}`, 'A', 'B')).toThrow(CodecError);
    expect(() => expandTransited('A,'.repeat(2000), 'A', 'B')).toThrow(CodecError);
    expect(() => expandTransited('A'.repeat(100_000), 'A', 'B')).toThrow(CodecError);
  });
});

describe('realm paths', () => {
  it('ends where it starts for one realm', () => {
    expect(realmPath('A', 'A')).toEqual(['A']);
  });

  it('prefers a configured path, and takes a lone dot for a direct trust', () => {
    expect(realmPath('A.X', 'B.Y', ['M'])).toEqual(['A.X', 'M', 'B.Y']);
    expect(realmPath('A.X', 'B.Y', ['.'])).toEqual(['A.X', 'B.Y']);
  });
});
