import { GSS_ERRORS } from './gss.ts';
import { JAVA_ERRORS, WEB_ERRORS } from './java.ts';
import { WINDOWS_ERRORS } from './windows.ts';

/** An error that neither the protocol nor MIT's library has, but whoever stands on it. */
export interface OtherError {
  /** What it is called, where it has a name; else the beginning of its message. */
  readonly name: string;
  /** The number that programs print; unsigned. */
  readonly number?: number;
  /** The text that has it, however much stands around. */
  readonly pattern?: RegExp;
  readonly sentence: string;
  readonly saidBy: string;
  readonly causes: readonly string[];
  readonly hint?: string;
}

/** The most special first: a major status of GSS-API says less than what is told with it. */
export function otherErrors(): readonly OtherError[] {
  return [...JAVA_ERRORS, ...WEB_ERRORS, ...WINDOWS_ERRORS, ...GSS_ERRORS];
}
