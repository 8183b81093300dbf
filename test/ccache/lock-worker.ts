// A process of its own for the tests of locking: `store PATH DATA N`, `count PATH DATA N` or `hang PATH DATA`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileType } from '../../src/ccache/file.ts';
import { withLock } from '../../src/ccache/lock.ts';
import { credential, NOW } from './tickets.ts';

const [task, path, dataDirectory, number] = process.argv.slice(2) as [string, string, string, string];

if (task === 'store') {
  const environment = { dataDirectory, keychain: () => Promise.reject(new TypeError('not needed')) };
  await fileType.resolve(path, environment).store([credential(`host/${number}@A.TEST`)], NOW);
} else if (task === 'count') {
  for (let i = 0; i < Number(number); i++) {
    await withLock(dataDirectory, path, async () => {
      const count = Number(readFileSync(path, 'utf8'));
      await new Promise(resolve => setTimeout(resolve, 1));
      writeFileSync(path, String(count + 1));
    });
  }
} else {
  await withLock(dataDirectory, path, async () => {
    process.stdout.write('held');
    await new Promise(resolve => setTimeout(resolve, 60_000));
  });
}
