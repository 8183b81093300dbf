/** The programs of the other versions of Node that are installed. */
export function installedNodes(): string[];
