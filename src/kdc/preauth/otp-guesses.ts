/** Wrong values that a client may send without a pause: typing errors. */
const FREE = 5;
/** The first pause in milliseconds, about as long as a value is valid; later ones are multiples of it. */
const PAUSE = 30_000;
const MAX_MULTIPLE = 20;

/**
 * Counts wrong values per client since its last correct one and makes it wait after each (RFC 4226 §7.3): at the speed
 * of a KDC, six digits would be guessed within minutes. Nothing is kept beyond the life of the KDC.
 */
export class OtpGuesses {
  private readonly wrong = new Map<string, { readonly count: number; readonly last: number }>();

  /** Whether a value may be judged now; `now` in milliseconds. */
  mayTry(client: string, now: number): boolean {
    const known = this.wrong.get(client);
    if (known === undefined || known.count < FREE) return true;
    const pause = PAUSE * Math.min(known.count - FREE + 1, MAX_MULTIPLE);
    // A clock that was set back makes nobody wait longer.
    return now < known.last || now >= known.last + pause;
  }

  failed(client: string, now: number): void {
    this.wrong.set(client, { count: (this.wrong.get(client)?.count ?? 0) + 1, last: now });
  }

  succeeded(client: string): void {
    this.wrong.delete(client);
  }
}
