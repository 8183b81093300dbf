// Answers each line `ROW SECONDS` with what was done in that time, in JSON. What a row prepares is not counted.
import { createInterface } from 'node:readline';

const BATCH = 1000;

export async function answerRows(rows) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, seconds] = line.split(' ');
    const sample = rows[name] === undefined ? {} : await measure(rows[name], Number(seconds));
    process.stdout.write(`${JSON.stringify(sample)}\n`);
  }
}

async function measure({ prepare = () => undefined, once }, atLeast) {
  let [done, seconds, cpu] = [0, 0, 0];
  while (seconds < atLeast) {
    const inputs = [];
    for (let i = 0; i < BATCH; i++) inputs.push(await prepare());
    const [start, used] = [performance.now(), process.cpuUsage()];
    for (const input of inputs) {
      const pending = once(input);
      // A synchronous operation is not to wait for its turn.
      if (pending instanceof Promise) await pending;
    }
    const { user, system } = process.cpuUsage(used);
    done += BATCH;
    seconds += (performance.now() - start) / 1000;
    cpu += (user + system) / 1e6;
  }
  return { done, seconds, cpu };
}
