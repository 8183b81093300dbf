import { describe, expect, it } from 'vitest';
import { parseIdentities, selectIdentity } from '../../src/ccache/identity.ts';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { formatPrincipal, hostBasedPrincipal, parsePrincipal } from '../../src/messages/principal.ts';
import { environment, scratch } from './samples.ts';
import { tgt } from './tickets.ts';

const server = hostBasedPrincipal('HTTP', 'Web.a.test', 'A.TEST');
const clients = (text: string, service = server) =>
  parseIdentities(text, 'A.TEST')
    .filter(({ matches }) => matches(service))
    .map(({ client }) => formatPrincipal(client));

describe('parseIdentities', () => {
  it.each([
    'alice realm=A.TEST',
    'alice@A.TEST service=HTTP',
    'alice host=web.a.test',
    'alice service=H??P host=*.a.test realm=A*',
    'alice',
    '  alice\thost=*  ',
    'alice host=*\r',
  ])('%j fits', text => {
    expect(clients(text)).toEqual(['alice@A.TEST']);
  });

  it.each([
    'alice realm=a.test',
    'alice service=http',
    'alice host=Web.a.test',
    'alice service=HTTP host=other',
    'alice host',
    'alice colour=*',
    '# alice host=*',
    'a@b@c host=*',
    '',
  ])('%j does not', text => {
    expect(clients(text)).toEqual([]);
  });

  it('compares service and host with host-based names alone', () => {
    const name = parsePrincipal('HTTP/web.a.test@A.TEST');
    expect(clients('alice service=*\nalice host=*\nbob realm=*', name)).toEqual(['bob@A.TEST']);
  });
});

describe('selectIdentity', () => {
  async function caches(...names: string[]) {
    const here = environment(scratch());
    const made = names.map(async name => {
      const cache = await resolveCcache(`FILE:${here.dataDirectory}-${name}`, here);
      const principal = parsePrincipal(name);
      if (principal.components[0] !== 'absent') await cache.initialize({ principal, credentials: [tgt] });
      return cache;
    });
    return Promise.all(made);
  }

  it('takes the client of the first rule that fits', async () => {
    const all = await caches('absent@A.TEST', 'alice@A.TEST', 'bob@A.TEST');
    const rules = 'nobody service=imap\nbob service=HTTP\nalice host=*';
    const options = { rules, defaultRealm: 'A.TEST' };
    expect(await selectIdentity(server, all, options)).toMatchObject({ cache: all[2] });
  });

  it('says that the client has no cache', async () => {
    const all = await caches('alice@A.TEST');
    const chosen = await selectIdentity(server, all, { rules: 'bob@A.TEST\nalice@A.TEST' });
    expect(chosen).toEqual({ client: parsePrincipal('bob@A.TEST'), cache: undefined });
  });

  it('goes by the realm of the service where no rule fits', async () => {
    const all = await caches('alice@B.TEST', 'bob@A.TEST', 'carol@A.TEST');
    expect(await selectIdentity(server, all, {})).toMatchObject({ cache: all[1] });
    expect(await selectIdentity({ ...server, realm: 'C.TEST' }, all, {})).toBeUndefined();
    expect(await selectIdentity({ ...server, realm: '' }, all, {})).toBeUndefined();
  });
});
