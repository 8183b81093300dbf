/** An error that says all there is to say: what was being done at the time is not added to it. */
export class CompleteError extends Error {}

/** An error that happened during an activity; commands say `PROG: cause while activity`. */
export class ActivityError extends CompleteError {
  override readonly name = 'ActivityError';
  /** `getting initial credentials`, for instance. */
  readonly activity: string;
  /**
   * The word between cause and activity: `while`, except for a few places where MIT has another. With `:`, the activity
   * comes first, as in kstart.
   */
  readonly joint: string;

  constructor(activity: string, cause: unknown, joint = 'while') {
    super(activity, { cause });
    this.activity = activity;
    this.joint = joint;
  }
}

/** Runs `work`; its errors are reported as having happened during `activity`. */
export async function during<T>(activity: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CompleteError) throw error;
    throw new ActivityError(activity, error);
  }
}
