import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Authenticated } from '../../src/http/authenticated.ts';
import { keytab } from '../ap/made-up.ts';
import { play } from '../gss/support.ts';

it('who sent a request is written down without any key', async () => {
  const { info } = (await play()).acceptor;
  const client = new Authenticated(info, keytab);
  const { mechanism, flags, endtime } = info;
  const facts = { name: client.name, mechanism, flags, endtime: endtime.toISOString() };
  expect(JSON.parse(JSON.stringify(client))).toEqual(facts);
  const shown = [{ ...client }, { deep: { client } }].map(value => inspect(value, { depth: 9 }));
  shown.push(inspect(client, { depth: 9, showHidden: true }));
  expect(shown.join()).toContain(client.name);
  for (const text of shown) expect(text).not.toMatch(/keyvalue|contents/);
  // Whoever asks for it still has it.
  expect(client.info).toBe(info);
});
