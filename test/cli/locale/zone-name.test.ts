import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { zoneName } from '../../../src/cli/locale/zone-name.ts';

const original = process.env.TZ;
afterEach(() => {
  if (original === undefined) delete process.env.TZ;
  else process.env.TZ = original;
});

function nameIn(zone: string, time: string, env: Record<string, string> = {}): string {
  process.env.TZ = zone;
  return zoneName(new Date(time), { TZ: zone, ...env });
}

describe.skipIf(!existsSync('/usr/share/zoneinfo/Europe/Berlin'))('zoneName (needs the zone files)', () => {
  it.each([
    ['UTC', '2026-11-22T14:03:03Z', 'UTC'],
    ['Europe/Berlin', '2026-03-29T00:59:59Z', 'CET'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', 'CEST'],
    ['Europe/Berlin', '2045-07-01T12:00:00Z', 'CEST'],
    ['America/New_York', '2026-11-01T05:59:59Z', 'EDT'],
    ['America/New_York', '2026-11-01T06:00:00Z', 'EST'],
    ['Asia/Kolkata', '2026-11-22T14:03:03Z', 'IST'],
    ['America/Sao_Paulo', '2026-11-22T14:03:03Z', '-03'],
  ])('in %s at %s is %s', (zone, time, name) => {
    expect(nameIn(zone, time)).toBe(name);
  });
});

describe('zoneName without a usable zone file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zone-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['UTC', 'UTC'],
    ['Europe/Berlin', '+01'],
    ['America/St_Johns', '-0330'],
  ])('in %s is the offset, %s', (zone, name) => {
    expect(nameIn(zone, '2026-11-22T14:03:03Z', { TZDIR: folder })).toBe(name);
  });

  it('survives any bytes', () => {
    const file = join(folder, 'zone');
    process.env.TZ = 'UTC';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), junk => {
        writeFileSync(file, Buffer.concat([Buffer.from('TZif2'), junk]));
        expect(typeof zoneName(new Date(0), { TZ: file })).toBe('string');
      }),
    );
  });
});
