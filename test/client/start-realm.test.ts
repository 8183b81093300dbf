import { expect, it } from 'vitest';
import type { CacheContents } from '../../src/ccache/ccache.ts';
import { configEntry, startRealmEntries } from '../../src/ccache/config-entries.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { getServiceCredential } from '../../src/client/service.ts';
import { TransportError } from '../../src/errors.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { environment } from '../ccache/samples.ts';
import { alice, NOW, tgt } from '../ccache/tickets.ts';
import { ticketFor } from '../cli/caches.ts';

const anonymous = parsePrincipal('WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS');
const ofA = { ...ticketFor('krbtgt/A.TEST@A.TEST'), client: anonymous };
const forB = ticketFor('x@A.TEST', { server: tgsPrincipal('B.TEST', 'A.TEST') });

/** The first realm that is asked for a ticket for `server`, or what went wrong before. */
async function firstAsked(contents: CacheContents, server: string): Promise<string> {
  const cache = await resolveCcache('MEMORY:start-realm', environment('/nonexistent'));
  await cache.initialize(contents);
  const transport = (realm: string): Promise<never> =>
    Promise.reject(new TransportError('KDC_UNREACHABLE', 'asked', realm));
  try {
    await getServiceCredential(cache, parsePrincipal(server), { transport, enctypes: [18], now: () => NOW });
    return 'nobody';
  } catch (error) {
    return error instanceof TransportError ? error.realm : (error as Error).message;
  }
}

it('an exchange begins in the realm that the cache notes', async () => {
  const credentials = [...startRealmEntries(ofA), ofA];
  expect(await firstAsked({ principal: anonymous, credentials }, 'host/a@A.TEST')).toBe('A.TEST');
  expect(await firstAsked({ principal: anonymous, credentials }, 'host/b@B.TEST')).toBe('A.TEST');
});

it('an exchange begins in the realm of the client where nothing is noted', async () => {
  expect(await firstAsked({ principal: alice, credentials: [tgt] }, 'host/b@B.TEST')).toBe('A.TEST');
  expect(await firstAsked({ principal: anonymous, credentials: [ofA] }, 'host/b@B.TEST')).toBe(
    'Matching credential not found',
  );
});

it('a ticket for the realm of the service is good for it, whoever issued it', async () => {
  expect(await firstAsked({ principal: anonymous, credentials: [ofA] }, 'host/a@A.TEST')).toBe('A.TEST');
  const ofC = { ...ticketFor('x@A.TEST'), server: tgsPrincipal('C.TEST', 'B.TEST') };
  expect(await firstAsked({ principal: alice, credentials: [tgt, ofC] }, 'host/c@C.TEST')).toBe('C.TEST');
});

it('a ticket for the realm that is noted is good for it, whoever issued it', async () => {
  const credentials = [configEntry(alice, 'start_realm', undefined, 'B.TEST'), forB];
  expect(await firstAsked({ principal: alice, credentials }, 'host/b@B.TEST')).toBe('B.TEST');
});
