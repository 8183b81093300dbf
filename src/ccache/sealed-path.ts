/** Where a data directory's tickets lie. */
export function sealedPath(dataDirectory: string): string {
  return `${dataDirectory}/tickets`;
}
