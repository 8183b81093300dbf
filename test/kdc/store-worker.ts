// A process of its own that changes a database without end, two principals at a time: `FILE`. Prints the version number
// of their keys once the database has it.
import { writeSync } from 'node:fs';
import { openDurableDatabase } from '../../src/kdc/store/open.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';

async function main([path]: readonly string[]): Promise<void> {
  const keychain = () => Promise.reject(new Error('there is none'));
  const database = await openDurableDatabase(path!, { keychain });
  const pair = ['alice', 'bob'].map(name => parsePrincipal(name, { defaultRealm: database.defaultRealm }));
  for (;;) {
    const [alice] = database.change(() =>
      pair.map(principal => database.addKeys(principal, { random: true }, { keep: 3 })),
    );
    writeSync(1, `${alice!.keys[0]!.kvno}\n`);
  }
}

void main(process.argv.slice(2));
