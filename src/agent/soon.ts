/** A value, at once where it is at hand: to wait for it costs more than most answers. */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value as soon as it is there. */
export function whenThere<T, U>(value: Soon<T>, then: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(then) : then(value);
}
