// A command of its own for the tests against a real keychain: `TASK DATA RESIDUAL [ARGUMENT]`. Prints one line of JSON.

import { openKeychain } from '../../src/ccache/keychain/open.ts';
import { probeKeychain } from '../../src/ccache/keychain/probe.ts';
import { keychainType } from '../../src/ccache/keychain.ts';
import { sealedStore } from '../../src/ccache/sealed/store.ts';
import { KerberosError } from '../../src/errors.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { credential, NOW } from '../ccache/tickets.ts';

const [task, dataDirectory, residual, argument] = process.argv.slice(2) as [string, string, string, string];
const { ANSWER_SECONDS = 10, DIALOG_SECONDS = 30, BACKEND: backend } = process.env;
const limits = { answerSeconds: Number(ANSWER_SECONDS), dialogSeconds: Number(DIALOG_SECONDS), backend };
const keychain = () => openKeychain(process.env, limits);
const environment = { dataDirectory, keychain };
const cache = keychainType.resolve(residual, environment);

const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
  probe: () => probeKeychain(process.env, process.platform),
  initialize: () =>
    cache.initialize({ principal: parsePrincipal(argument), credentials: [credential('host/0@A.TEST')] }),
  store: () => cache.store([credential(`host/${argument}@A.TEST`)], NOW),
  remove: () => cache.remove(({ server }) => formatPrincipal(server) === argument),
  destroy: () => cache.destroy(),
  forget: () => sealedStore(environment).forget(),
  load,
  async cycleTwice() {
    await cycle();
    process.stdout.write('"once"\n');
    await new Promise(resolve => process.stdin.once('data', resolve));
    await cycle();
    return 'twice';
  },
};

async function initialize(principal: string): Promise<void> {
  await cache.initialize({
    principal: parsePrincipal(principal),
    credentials: [credential('host/0@A.TEST')],
  });
}

/** Everything that is done to the keychain's item: written, read, removed. */
async function cycle(): Promise<void> {
  await initialize(argument);
  await load();
  await cache.destroy();
}

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

void main().then(status => process.exit(status));
