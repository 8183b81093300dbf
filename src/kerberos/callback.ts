/** Called at the end of an operation with an error, or with null and the result. */
export type Callback<T> = (error: Error | null, result?: T) => void;

/**
 * Does `work` on arguments that pass `check`, which throws TypeError. A callback receives the result, except for what
 * `check` throws; without a callback, the result is a promise, which rejects in every case.
 */
export function answer<T>(
  callback: Callback<T> | undefined,
  check: () => void,
  work: () => Promise<T>,
): Promise<T> | undefined {
  // An argument that is not a function, such as null, cannot be called back.
  if (typeof callback !== 'function') return checked(check, work);
  check();
  // Called outside of the promise, which would swallow what the callback throws.
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
