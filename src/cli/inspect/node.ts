import { bytesToHex, printable } from '../../codec/text.ts';

/** A line of the tree, and what is under it. */
export interface Node {
  readonly name: string;
  /** Absent where there is nothing but what is under it. */
  readonly value?: string;
  readonly children?: readonly Node[];
}

/** Longer byte strings are cut. */
const SHOWN_BYTES = 48;

/** A node whose children may not be there. */
export function branch(name: string, children: readonly (Node | undefined)[], value?: string): Node {
  const present = children.filter(child => child !== undefined);
  return { name, ...(value !== undefined && { value }), children: present };
}

/** The tree as indented lines. Text in it comes from anybody: nothing of it steers a terminal. */
export function treeText(nodes: readonly Node[], depth = 0): string {
  return nodes
    .map(({ name, value, children = [] }) => {
      const line = value === undefined || value === '' ? `${name}:` : `${name}: ${value}`;
      return `${'  '.repeat(depth)}${harmless(line)}\n${treeText(children, depth + 1)}`;
    })
    .join('');
}

/** Bytes that are no UTF-8, and marks that turn the direction of writing. */
function harmless(text: string): string {
  return printable(text).replace(/[\udc80-\udcff\u202a-\u202e\u2066-\u2069]/g, '?');
}

/** Bytes in hexadecimal, cut where there are many. */
export function hexText(bytes: Uint8Array): string {
  const shown = bytesToHex(bytes.subarray(0, SHOWN_BYTES));
  return bytes.length > SHOWN_BYTES ? `${shown}... (${bytes.length} bytes)` : shown || '(empty)';
}
