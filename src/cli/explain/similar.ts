import { errorName } from '../../messages/error-codes.ts';
import { ERROR_SENTENCES } from '../../messages/error-sentences.ts';
import { LIBRARY_ERRORS } from './library.ts';

/** More are no help. */
const MOST = 5;
/** Shorter words are in everything. */
const MIN_LENGTH = 3;

/** The names of errors in whose name or sentence a text occurs, for somebody who remembers only part of it. */
export function similarErrors(text: string): readonly string[] {
  const part = text.trim().toLowerCase();
  if (part.length < MIN_LENGTH) return [];
  const known = [
    ...Object.entries(ERROR_SENTENCES).map(([number, sentence]) => ({
      name: errorName(Number(number)),
      sentence,
    })),
    ...LIBRARY_ERRORS,
  ];
  const found = known.filter(({ name, sentence }) => `${name}\n${sentence}`.toLowerCase().includes(part));
  return found.slice(0, MOST).map(({ name }) => name);
}
