// A command of its own for the tests against a real keychain: `TASK DATA RESIDUAL [ARGUMENT]`. Prints one line of JSON.
import { keychainType } from '../../src/ccache/keychain.ts';
import { openKeychain } from '../../src/ccache/keytar.ts';
import { probeKeychain } from '../../src/ccache/probe.ts';
import { KerberosError } from '../../src/errors.ts';
import type { Credential } from '../../src/messages/credential.ts';
import { formatPrincipal, parsePrincipal } from '../../src/messages/principal.ts';

const [task, dataDirectory, residual, argument] = process.argv.slice(2) as [string, string, string, string];
const keychain = () => openKeychain(process.env, { answerSeconds: 1, dialogSeconds: 2 });
const cache = keychainType.resolve(residual, { dataDirectory, keychain });

const NOW = new Date('2026-11-22T12:00:00Z');

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

function workerCredential(number: string): Credential {
  return {
    client: parsePrincipal('alice@A.TEST'),
    server: parsePrincipal(`host/${number}@A.TEST`),
    key: { keytype: 18, keyvalue: new Uint8Array(32) },
    authtime: NOW,
    endtime: new Date(NOW.getTime() + 3600_000),
    flags: 0,
    addresses: [],
    authorizationData: [],
    ticket: new Uint8Array(1000),
    secondTicket: new Uint8Array(0),
    isSkey: false,
  };
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
