import { describe, expect, it } from 'vitest';
import { Replies } from '../../src/agent/replies.ts';
import { NO_CACHES } from '../../src/agent/store.ts';

const caches = { ...NO_CACHES };
const request = (number: number) => Buffer.of(0, 0, 0, number, 7);
const reply = (number: number) => Buffer.of(number);

describe('kept replies', () => {
  it('are found again for many requests of one length, and for these caches only', () => {
    const replies = new Replies(() => new Date());
    for (let i = 0; i < 100; i++) replies.keep(request(i), caches, reply(i), undefined);
    for (let i = 0; i < 100; i++) expect(replies.find(request(i), caches)).toEqual(reply(i));
    expect(replies.find(request(1), { ...NO_CACHES })).toBeUndefined();
    expect(replies.find(request(100), caches)).toBeUndefined();
  });

  it('are not driven out by one that is kept again and again', () => {
    let now = 0;
    const replies = new Replies(() => new Date(now));
    replies.keep(request(1), caches, reply(1), undefined);
    for (; now < 1000; now++) {
      replies.keep(request(2), caches, reply(2), new Date(now));
      expect(replies.find(request(2), caches)).toBeUndefined();
    }
    expect(replies.find(request(1), caches)).toEqual(reply(1));
  });

  it('are few', () => {
    const replies = new Replies(() => new Date());
    for (let i = 0; i < 250; i++) replies.keep(request(i), caches, reply(i), undefined);
    expect(replies.find(request(0), caches)).toBeUndefined();
    expect(replies.find(request(249), caches)).toEqual(reply(249));
  });
});
