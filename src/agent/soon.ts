/** A value, immediately if it is ready: waiting for it costs more than most answers. */
export type Soon<T> = T | Promise<T>;

/** Continues with a value as soon as it is ready. */
export function whenThere<T, U>(value: Soon<T>, then: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(then) : then(value);
}
