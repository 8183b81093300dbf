/** The object below one of Node's modules, if this Node was tried and it has these functions; else undefined. */
export function binding(name: string, expected: readonly string[]): Record<string, unknown> | undefined;
