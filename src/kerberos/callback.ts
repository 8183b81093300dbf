/** What is told of the end of an operation: an error, or null and the result. */
export type Callback<T> = (error: Error | null, result?: T) => void;

/**
 * Does `work` on arguments that pass `check`, which throws TypeError. A callback is told how it ended, but for what
 * `check` throws; without one a promise is returned that is told everything.
 */
export function answer<T>(
  callback: Callback<T> | undefined,
  check: () => void,
  work: () => Promise<T>,
): Promise<T> | undefined {
  // What is no function, such as null, cannot be told.
  if (typeof callback !== 'function') return checked(check, work);
  check();
  // Apart from the promise, which would swallow what the callback throws.
  work().then(
    result => setImmediate(callback, null, result),
    error => setImmediate(callback, error),
  );
  return undefined;
}

async function checked<T>(check: () => void, work: () => Promise<T>): Promise<T> {
  check();
  return work();
}

/** Throws TypeError unless each of `parameters` is a string. */
export function requireStrings(parameters: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (typeof value !== 'string') throw new TypeError(`parameter \`${name}\` must be a string.`);
  }
}
