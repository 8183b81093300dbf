import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/config/duration.ts';

describe('durations', () => {
  it.each([
    ['0', 0],
    ['300', 300],
    ['-1', -1],
    [' 5', 5],
    ['1d', 86400],
    ['1d ', 86400],
    ['10d 0h 0m 0s', 864000],
    ['1d2h3m4s', 93784],
    ['2h 5s', 7205],
    ['1h -5m', 3300],
    ['5:70', 22200],
    ['100:5', 360300],
    ['1:2:3', 3723],
    ['1-2:3:4', 93784],
    ['2147483647', 2147483647],
    ['24855d 3h 14m 7s', 2147483647],
    ['-2147483647s', -2147483647],
  ])('%j is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toEqual({ seconds, ignored: '' });
  });

  it.each([
    ['1w', 1, 'w'],
    ['1D', 1, 'D'],
    ['1.5h', 1, '.5h'],
    ['7d # a week', 604800, '# a week'],
    ['26.11.24.12.00.00', 26, '.11.24.12.00.00'],
  ])('%j stops at what it does not know', (text, seconds, ignored) => {
    expect(parseDuration(text)).toEqual({ seconds, ignored });
  });

  it.each([
    '',
    'bogus',
    '+5m',
    '2h1d',
    '1h1h',
    '1d2',
    '1 h',
    '1 ',
    '1s ',
    '- 1',
    '--1',
    '1:100',
    '1-100:00:00',
    '2147483648',
    '-2147483648',
    '99999999999',
    '24856d',
    '596524h',
    '24855d 3h 14m 8s',
    '-399h100m2147483647s',
  ])('%j is none', text => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
