import { enctypeName } from '../crypto/enctype-names.ts';
import { FORMER_NAMES } from './etype-text.ts';

/** JSON on one line, in ASCII, so that neither a terminal nor a log misinterprets it. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same as a line of output. */
export function lineOfJson(value: object): string {
  return `${asciiJson(value)}\n`;
}

/** An enctype's number and name. */
export function enctypeJson(number: number): object {
  return named(number, enctypeName(number) ?? FORMER_NAMES[number]);
}

/** A number, and its name if it has one. */
export function named(number: number, name: string | undefined): object {
  return { number, name: name ?? null };
}
