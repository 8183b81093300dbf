import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDurableDatabase } from '../../src/kdc/store/open.ts';
import { KDC_ERR_TGT_REVOKED } from '../../src/messages/error-codes.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  type Granted,
  grantedByAs,
  grantedByTgs,
  keyOf,
  type Lab,
  nameOf,
  principal,
  refusalOf,
  tgsRequest,
  timestamp,
} from './support.ts';

/** A ticket-granting ticket in a name, of who has the key of another. */
function tgtInName(lab: Lab, name: string, holder: string): Granted {
  const request = asRequest(lab, { cname: nameOf(name) }, [timestamp(lab, holder)]);
  return grantedByAs(lab, request, keyOf(lab, holder));
}

it('a ticket in a name that has become the alias of somebody else brings no more', () => {
  const lab = createLab();
  addPrincipal(lab, 'bob');
  const tgt = tgtInName(lab, 'alice', 'alice');
  lab.advance(60);
  lab.database.remove(principal('alice'));
  lab.database.update(principal('bob'), { aliases: ['alice'] });
  expect(refusalOf(lab, tgsRequest(lab, tgt)).errorCode).toBe(KDC_ERR_TGT_REVOKED);
  expect(grantedByTgs(lab, tgtInName(lab, 'alice', 'bob')).ticket.cname).toEqual(nameOf('alice'));
});

it('a ticket in an alias brings no more when somebody else has that, one in the true name does', () => {
  const lab = createLab();
  addPrincipal(lab, 'alice', { aliases: ['al'] });
  addPrincipal(lab, 'bob');
  const [inAlias, ofAlice, ofBob] = [
    tgtInName(lab, 'al', 'alice'),
    tgtInName(lab, 'alice', 'alice'),
    tgtInName(lab, 'bob', 'bob'),
  ];
  lab.advance(60);
  expect(grantedByTgs(lab, inAlias).ticket.cname).toEqual(nameOf('al'));
  lab.database.update(principal('alice'), { aliases: undefined });
  lab.database.update(principal('bob'), { aliases: ['al'] });
  expect(refusalOf(lab, tgsRequest(lab, inAlias)).errorCode).toBe(KDC_ERR_TGT_REVOKED);
  for (const tgt of [ofAlice, ofBob])
    expect(grantedByTgs(lab, tgt).part.sname).toEqual(nameOf('host/server'));
});

it('a database in a file remembers when an alias was given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'krb5kit-alias-'));
  const realm = 'ALIAS.TEST';
  const keychain = () => Promise.reject(new Error('there is none'));
  const database = await createDurableDatabase(join(folder, 'principals.db'), { realm, keychain });
  const bob = { nameType: 1, components: ['bob'], realm };
  const begun = Date.now();
  database.add(bob, { random: true });
  expect(database.own(bob)?.aliased).toBeUndefined();
  database.update(bob, { aliases: ['rob'] });
  const given = database.own(bob)?.aliased;
  expect(given?.getTime()).toBeGreaterThanOrEqual(begun);
  database.update(bob, { locked: true });
  expect(database.find(['rob'], realm)?.aliased).toEqual(given);
  // A copy from elsewhere has had its aliases before.
  const eve = { ...bob, components: ['eve'] };
  database.put({ principal: eve, keys: database.own(bob)!.keys, policy: { aliases: ['evelyn'] } });
  expect(database.own(eve)?.aliased).toBeUndefined();
  await database.close();
  rmSync(folder, { recursive: true });
});
