import { describe, expect, it } from 'vitest';
import { clockDifference } from '../../src/cli/explain/clock.ts';
import type { Decision, Fact } from '../../src/trace.ts';

function told(...facts: readonly Fact[]): readonly Decision[] {
  return facts.map(fact => ({ time: new Date(0), text: '', fact }));
}

const answered = (target: string): Fact => ({ kind: 'answered', target, bytes: 1 });
const clock = (seconds: number): Fact => ({ kind: 'clock', offset: seconds * 1000 });

describe('the difference between two clocks in words', () => {
  it.each([
    [432, 'your clock is 7 min 12 s behind KDC 127.0.0.1:88'],
    [-432, 'your clock is 7 min 12 s ahead of KDC 127.0.0.1:88'],
    [6, 'your clock is 6 s behind KDC 127.0.0.1:88'],
    [3600, 'your clock is 1 h behind KDC 127.0.0.1:88'],
    [3601, 'your clock is 1 h behind KDC 127.0.0.1:88'],
    [-(2 * 86_400 + 3 * 3600 + 59), 'your clock is 2 d 3 h ahead of KDC 127.0.0.1:88'],
    [4.9, undefined],
    [-4.9, undefined],
  ])('%i s: %s', (seconds, words) => {
    expect(clockDifference(told(answered('udp 127.0.0.1:88'), clock(seconds)))).toBe(words);
  });

  it('is that of the KDC that spoke last, as exact as it was told', () => {
    const decisions = told(answered('udp 10.0.0.1:88'), clock(60), answered('tcp 10.0.0.2:88'), clock(120));
    expect(clockDifference(decisions)).toBe('your clock is 2 min behind KDC 10.0.0.2:88');
    const rounded = told(answered('udp 10.0.0.1:88'), clock(60), answered('udp 10.0.0.1:88'), clock(59.2));
    expect(clockDifference(rounded)).toBe('your clock is 1 min behind KDC 10.0.0.1:88');
  });

  it('is unknown where no KDC told the time', () => {
    expect(clockDifference([])).toBeUndefined();
    expect(clockDifference(told(answered('udp 10.0.0.1:88')))).toBeUndefined();
  });
});
