import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sentence } from '../../src/local/sentences.ts';

it('a failure of the system is not called one of ours', () => {
  expect(sentence(thrownBy(() => readFileSync('/nowhere/at/all')))).toMatch(/^System error: ENOENT: /);
  expect(sentence(new RangeError('too far'))).toBe('Internal error: too far');
});

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
