// A command of its own for the tests against a real keychain: `TASK DATA RESIDUAL [ARGUMENT]`. Prints one line of JSON.
import { keychainType } from '../../src/ccache/keychain.ts';
import { openKeychain } from '../../src/ccache/keytar.ts';
import { probeKeychain } from '../../src/ccache/probe.ts';
import { KerberosError } from '../../src/errors.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { NOW, workerCredential } from '../ccache/worker-credential.ts';

const [task, dataDirectory, residual, argument] = process.argv.slice(2) as [string, string, string, string];
const keychain = () => openKeychain(process.env, { answerSeconds: 1, dialogSeconds: 2 });
const cache = keychainType.resolve(residual, { dataDirectory, keychain });

const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
  probe: () => probeKeychain(process.env, process.platform),
  initialize: () =>
    cache.initialize({ principal: parsePrincipal(argument), credentials: [workerCredential('0')] }),
  store: () => cache.store([workerCredential(argument)], NOW),
  remove: () => cache.remove(({ server }) => formatPrincipal(server) === argument),
  destroy: () => cache.destroy(),
  load,
  async loadTwice() {
    const first = await load();
    process.stdout.write(`${JSON.stringify(first)}\n`);
    await new Promise(resolve => process.stdin.once('data', resolve));
    return load();
  },
};

async function load(): Promise<unknown> {
  const { principal, credentials } = await cache.load();
  return [formatPrincipal(principal), ...credentials.map(({ server }) => formatPrincipal(server))];
}

async function main(): Promise<number> {
  try {
    const result = await tasks[task]!();
    process.stdout.write(`${JSON.stringify(result ?? null)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message })}\n`);
    return 7;
  }
}

main().then(status => process.exit(status));
