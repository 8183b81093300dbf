import type { Cell } from './cell.ts';
import type { Feature } from './realm.ts';

/** A capability: a row of the matrix. */
export interface Row {
  readonly name: string;
  /** What not every KDC has. */
  readonly needs?: Feature | undefined;
  /** A program that must be installed besides the KDC. */
  readonly program?: string | undefined;
  /** Throws where the user does not get what this is about. */
  run(cell: Cell): Promise<void>;
}
