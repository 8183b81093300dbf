/** The `code` of an error of Node or the operating system, such as ENOENT; undefined for errors without one. */
export function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
