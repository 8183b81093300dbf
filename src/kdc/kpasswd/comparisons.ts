/** How many comparisons a principal may cause at once, as many as a policy can ask for. */
const BURST = 64;
const PER_SECOND = 8;

/**
 * Limits how often new passwords are compared with former ones, each of which takes a key derivation: somebody who tries
 * again finds no limit, while a flood of requests does not keep the KDC from others.
 */
export class Comparisons {
  private readonly budgets = new Map<string, { readonly left: number; readonly last: number }>();

  /** Whether a principal may cause this many comparisons now, in milliseconds; if so, they are counted. */
  admit(principal: string, count: number, now: number): boolean {
    const { left, last } = this.budgets.get(principal) ?? { left: BURST, last: now };
    // A clock that was set back must not make anybody wait.
    const gained = (Math.max(0, now - last) / 1000) * PER_SECOND;
    const available = Math.min(BURST, left + gained);
    const isAdmitted = count <= available;
    this.budgets.set(principal, { left: isAdmitted ? available - count : available, last: now });
    return isAdmitted;
  }
}
