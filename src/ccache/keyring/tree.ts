/** A key or keyring, as `keyctl show` prints it. */
export interface KeyNode {
  readonly id: string;
  readonly type: string;
  /** The key's description. */
  readonly name: string;
  /** What a keyring holds. */
  readonly children: KeyNode[];
}

/** ` 36706857 --alswrv      0     0   |   \_ keyring: _krb_`: each level is four characters deep. */
const LINE = /^ *(\d+) [-a-z]{6,12} +-?\d+ +-?\d+ {2}((?: {4}| \| {2}| \\_ )*)([^ :]+): (.*)$/;

/**
 * The keyring that `keyctl show` was asked for; undefined where it printed none. Keys that are out of reach, as those
 * that have expired, are left out.
 */
export function parseKeyTree(text: string): KeyNode | undefined {
  /** The last node at each depth. */
  const path: KeyNode[] = [];
  for (const line of text.split('\n')) {
    const [, id, indent, type, name] = LINE.exec(line) ?? [];
    if (id === undefined || indent === undefined || type === undefined || name === undefined) continue;
    const depth = indent.length / 4;
    const node: KeyNode = { id, type, name, children: [] };
    if (depth > path.length) continue;
    path[depth - 1]?.children.push(node);
    path.length = depth;
    path.push(node);
  }
  return path[0];
}
