import { describe, expect, it } from 'vitest';
import { Lookaside } from '../../src/kdc/lookaside.ts';
import { addPrincipal, asRequest, createLab, keyOf, principal, refusalOf, timestamp } from './support.ts';

const reply = (length: number): Uint8Array => new Uint8Array(length);

describe('the lookaside table', () => {
  it('knows a reply by the whole of its request', () => {
    const table = new Lookaside();
    const label = table.label(Uint8Array.of(1, 2, 255))!;
    const kept = reply(1);
    table.remember(label, kept, 0);
    expect(table.find(table.label(Uint8Array.of(1, 2, 255))!, 0)).toBe(kept);
    expect(table.find(table.label(Uint8Array.of(1, 2, 254))!, 0)).toBeUndefined();
  });

  it('forgets with time, also when the clock is set back', () => {
    const table = new Lookaside({ age: 10, count: 5, bytes: 1000 });
    table.remember('a', reply(1), 5000);
    expect(table.find('a', 14_999)).toBeDefined();
    expect(table.find('a', 15_000)).toBeUndefined();
    expect(table.find('a', 4999)).toBeUndefined();
  });

  it('forgets the oldest where there are too many', () => {
    const table = new Lookaside({ age: 10, count: 4, bytes: 1000 });
    const labels = ['a', 'b', 'c', 'd', 'e'];
    for (const label of labels) table.remember(label, reply(1), 0);
    expect(labels.filter(label => table.find(label, 0) !== undefined)).toEqual(['c', 'd', 'e']);
  });

  it('forgets the oldest where they are too large', () => {
    const table = new Lookaside({ age: 10, count: 9, bytes: 100 });
    for (const label of ['a', 'b', 'c']) table.remember(label, reply(48), 0);
    expect(table.find('a', 0)).toBeUndefined();
    expect(table.find('b', 0)).toBeDefined();
    expect(table.find('c', 0)).toBeDefined();
  });

  it('keeps no request that is too long', () => {
    expect(new Lookaside().label(new Uint8Array(16_001))).toBeUndefined();
  });
});

describe('a KDC', () => {
  it('answers a request that was sent again as before, and says so in its log', () => {
    const lab = createLab();
    const request = asRequest(lab);
    const first = lab.kdc.handle(request);
    lab.advance(10);
    expect(lab.kdc.handle(request)).toBe(first);
    expect(lab.log.at(-1)).toMatch(/resent/);
    lab.advance(120);
    expect(lab.kdc.handle(request)).not.toBe(first);
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
