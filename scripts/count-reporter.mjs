/** Tells the parent process how many tests passed, failed and were skipped. */
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const failedBefore = counts.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === 'pending' ? 'skipped' : state] += 1;
      }
      // A file that does not load, or a failing hook, fails without any test of its own.
      if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed += 1;
    }
    process.send?.(counts);
  }
}
