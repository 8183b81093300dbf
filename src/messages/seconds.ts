/**
 * The seconds that a caller gives as option `name`, or the default. Throws TypeError for text such as `10h` and for
 * NaN, since every comparison with NaN is false.
 */
export function secondsOf(name: string, given: number | undefined, usual: number): number {
  const seconds = given ?? usual;
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) {
    throw new TypeError(`${name} is a number of seconds`);
  }
  return seconds;
}
