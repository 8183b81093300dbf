import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveReplayCache } from '../../src/ap/replay-types.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { NOW } from './made-up.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the name of a replay cache', () => {
  it.each(['dfl:', 'dfl'])('%s is the file that native services of the user share', name => {
    resolveReplayCache(name, { directory, uid: 1000 })?.check(randomBytes(12), NOW, NOW);
    expect(readdirSync(directory)).toEqual(['krb5_1000.rcache2']);
  });

  it('may be that of a file', () => {
    const name = `file2:${join(directory, 'a:b')}`;
    resolveReplayCache(name, { directory, uid: 0 })?.check(randomBytes(12), NOW, NOW);
    expect(readdirSync(directory)).toEqual(['a:b']);
  });

  it('may be none', () => {
    expect(resolveReplayCache('none:', { directory, uid: 0 })).toBeUndefined();
  });

  it('may not be of an unknown type', () => {
    expect(() => resolveReplayCache('memory:', { directory, uid: 0 })).toThrow(
      expect.objectContaining({ code: 'CONFIG_VALUE' }),
    );
  });
});
