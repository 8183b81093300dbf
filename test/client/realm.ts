import type { Ccache } from '../../src/ccache/ccache.ts';
import { memoryType } from '../../src/ccache/memory.ts';
import { getInitialCredential, type InitialOptions, type InitialResult } from '../../src/client/initial.ts';
import { createKdc } from '../../src/kdc/kdc.ts';
import { createDatabase, type MemoryDatabase, type PrincipalOptions } from '../../src/kdc/memory-database.ts';
import { transportTo } from '../../src/kdc/start/transport.ts';
import { type Principal, parsePrincipal } from '../../src/messages/principal.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { alice, NOW, PASSWORD } from '../support/scripted-kdc.ts';
import { passwordOf } from './as-support.ts';

/** The realm A.TEST of the embedded KDC, with its own clock and ours: alice, host/server, and whom a test adds. */
export interface TestRealm {
  readonly database: MemoryDatabase;
  /** Counts the requests. */
  readonly transport: Transport & { count: number };
  readonly now: () => Date;
  /** Turns both clocks. */
  advance(seconds: number): void;
  login(options?: Partial<InitialOptions>, client?: Principal): Promise<InitialResult>;
  /** A new cache that holds alice's ticket-granting ticket. */
  cacheWith(options?: Partial<InitialOptions>): Promise<Ccache>;
}

export const host = parsePrincipal('host/server@A.TEST');
let caches = 0;

export function createTestRealm(
  alicesPolicy: PrincipalOptions = {},
  { kdcAhead = 0 }: { readonly kdcAhead?: number } = {},
): TestRealm {
  const database = createDatabase();
  database.addRealm('A.TEST');
  database.add(alice, { password: PASSWORD }, alicesPolicy);
  database.add(host, { random: true });
  let elapsed = 0;
  const clock = (ahead: number) => () => new Date(NOW.getTime() + (elapsed + ahead) * 1000);
  const kdc = createKdc({ database, realm: 'A.TEST', now: clock(kdcAhead) });
  const carry = transportTo(kdc, database);
  const counted: Transport = (to, request, signal) => {
    transport.count++;
    return carry(to, request, signal);
  };
  const transport = Object.assign(counted, { count: 0 });
  const now = clock(0);
  const login = (options: Partial<InitialOptions> = {}, client = alice) =>
    getInitialCredential(client, passwordOf(), { transport, now, ...options });
  return {
    database,
    transport,
    now,
    advance: seconds => {
      elapsed += seconds;
    },
    login,
    async cacheWith(options) {
      const { credential, kdcOffset } = await login(options);
      const cache = newCache();
      await cache.initialize({ principal: credential.client, credentials: [credential], kdcOffset });
      return cache;
    },
  };
}

export function newCache(): Ccache {
  return memoryType.resolve(`client-test-${caches++}`, {
    dataDirectory: '/nonexistent',
    keychain: () => Promise.reject(new Error('no keychain here')),
  });
}
