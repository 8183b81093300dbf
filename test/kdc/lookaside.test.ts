import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lookaside } from '../../src/kdc/lookaside.ts';
import { addPrincipal, asRequest, createLab, keyOf, principal, refusalOf, timestamp } from './support.ts';

const request = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
const reply = (length: number): Uint8Array => new Uint8Array(length).fill(length);

function remember(table: Lookaside, asked: Uint8Array, answer: Uint8Array, now = 0): void {
  table.remember(table.label(asked)!, asked, answer, now);
}

function find(table: Lookaside, asked: Uint8Array, now = 0): Uint8Array | undefined {
  return table.find(table.label(asked)!, asked, now);
}

describe('the lookaside table', () => {
  it('knows a reply by the whole of its request', () => {
    const table = new Lookaside();
    expect(find(table, request(1, 2, 255))).toBeUndefined();
    remember(table, request(1, 2, 255), reply(7));
    expect(find(table, request(1, 2, 255))).toEqual(reply(7));
    for (const other of [request(1, 2, 254), request(1, 2), request(1, 2, 255, 0)]) {
      expect(find(table, other)).toBeUndefined();
      // Not even where the two are looked for in one place.
      expect(table.find(table.label(request(1, 2, 255))!, other, 0)).toBeUndefined();
    }
  });

  it('gives a reply that nothing changes any more', () => {
    const table = new Lookaside();
    remember(table, request(1), reply(7));
    find(table, request(1))!.fill(0);
    expect(find(table, request(1))).toEqual(reply(7));
  });

  it('forgets with time, also when the clock is set back', () => {
    const table = new Lookaside({ age: 10, count: 5, bytes: 1000 });
    remember(table, request(1), reply(1), 5000);
    expect(find(table, request(1), 14_999)).toBeDefined();
    expect(find(table, request(1), 15_000)).toBeUndefined();
    expect(find(table, request(1), 4999)).toBeUndefined();
    remember(table, request(1), reply(2), 20_000);
    expect(find(table, request(1), 20_000)).toEqual(reply(2));
  });

  it('forgets older ones where there are too many, and knows the last', () => {
    const table = new Lookaside({ age: 10, count: 4, bytes: 1000 });
    const requests = Array.from({ length: 20 }, (_, i) => request(i));
    for (const each of requests) {
      remember(table, each, reply(each[0]!));
      expect(find(table, each)).toEqual(reply(each[0]!));
    }
    expect(requests.filter(each => find(table, each) !== undefined).length).toBeLessThanOrEqual(4);
  });

  it('forgets the oldest where they are too large', () => {
    const table = new Lookaside({ age: 10, count: 1 << 16, bytes: 100 });
    for (let i = 0; i < 9; i++) {
      remember(table, request(i), reply(48));
      const known = Array.from({ length: 9 }, (_, at) => at).filter(at => find(table, request(at)));
      expect(known).toEqual(i === 0 ? [0] : [i - 1, i]);
    }
    remember(table, request(9), reply(100));
    expect(find(table, request(9))).toBeUndefined();
  });

  it('answers as a map does, as long as there is room', () => {
    const table = new Lookaside();
    const bytes = fc.uint8Array({ maxLength: 70 });
    fc.assert(
      fc.property(fc.array(fc.tuple(bytes, bytes), { maxLength: 30 }), pairs => {
        for (const [asked, answer] of pairs) remember(table, asked, answer);
        const last = new Map(pairs.map(([asked, answer]) => [asked.join(), answer]));
        for (const [asked] of pairs) expect(find(table, asked)).toEqual(last.get(asked.join()));
      }),
    );
  });

  it('keeps no request that is too long', () => {
    expect(new Lookaside().label(new Uint8Array(16_000))).toBeDefined();
    expect(new Lookaside().label(new Uint8Array(16_001))).toBeUndefined();
  });
});

describe('a KDC', () => {
  it('answers a request that was sent again as before, and says so in its log', () => {
    const lab = createLab();
    const request = asRequest(lab);
    const first = lab.kdc.handle(request);
    lab.advance(10);
    expect(lab.kdc.handle(request)).toEqual(first);
    expect(lab.log.at(-1)).toMatch(/resent/);
    lab.advance(120);
    expect(lab.kdc.handle(request)).not.toEqual(first);
  });

  it('counts a failure once, however often it is sent', () => {
    const lab = createLab();
    addPrincipal(lab, 'bob');
    const wrong = asRequest(lab, {}, [timestamp(lab, 'alice', { key: keyOf(lab, 'bob') })]);
    for (let i = 0; i < 3; i++) expect(refusalOf(lab, wrong).eText).toBe('PREAUTH_FAILED');
    const { logins } = lab.kdc.state;
    expect(logins.find(principal('alice')).failures).toBe(1);
    refusalOf(lab, asRequest(lab, {}, [timestamp(lab, 'alice', { key: keyOf(lab, 'bob') })]));
    expect(logins.find(principal('alice')).failures).toBe(2);
  });

  it('judges a request that was refused for another reason anew', () => {
    const lab = createLab();
    const early = asRequest(lab, {}, [timestamp(lab, 'alice', { offset: 400 })]);
    expect(refusalOf(lab, early).eText).toBe('CLOCK_SKEW');
    lab.advance(100);
    expect(lab.kdc.handle(early)?.[0]).toBe(0x6b);
  });
});
