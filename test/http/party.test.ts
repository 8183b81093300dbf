import { describe, expect, it } from 'vitest';
import type { SecurityContext } from '../../src/gss/context.ts';
import { createInitiator } from '../../src/gss/initiator.ts';
import { formatNegotiate } from '../../src/http/challenge.ts';
import { negotiateFetch } from '../../src/http/fetch.ts';
import { Party } from '../../src/http/party.ts';
import { makeCredential } from '../ap/made-up.ts';
import { now } from '../gss/support.ts';
import { fakeOpen, startServer } from './fake.ts';
import { startProxy } from './raw.ts';

/** Established with its first token: nobody proves anything to it. */
const oneSided = async (): Promise<SecurityContext> =>
  createInitiator(makeCredential(), { now, flags: { mutual: false } });

describe('mutual authentication', () => {
  it('is not had of a context without it', async () => {
    const success = { success: true };
    for (const mutual of ['required', 'optional'] as const) {
      const party = new Party({ name: 'somebody', open: oneSided, mutual });
      await party.begin();
      const passed = party.passed(undefined, success);
      if (mutual === 'required') await expect(passed).rejects.toMatchObject({ code: 'MUTUAL_FAILED' });
      else expect(await passed).toMatchObject({ mutual: false });
    }
  });

  it('is had unasked even where a proxy has asked first, and hung up', async () => {
    const server = await startServer({ open: () => true });
    const proxy = await startProxy(server.port);
    const fetch = negotiateFetch({ open: fakeOpen(), preemptive: true, proxy: proxy.url });
    await expect(fetch(server.url)).rejects.toMatchObject({ code: 'MUTUAL_FAILED' });
    const token = formatNegotiate(Buffer.from('leg 1 to localhost unbound'));
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([token]);
    proxy.close();
    await server.close();
  });
});
