/** The processor time that some work takes, in milliseconds: on a busy machine it waits, but does not take longer. */
export async function cpuTime(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
