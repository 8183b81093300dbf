import Module from 'node:module';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import * as kerberos from '../../src/kerberos/index.ts';
import { formatPrincipal } from '../../src/messages/principal.ts';
import { type FakeMongod, startFakeMongod } from './fake-mongod.ts';
import { type Realm, startRealm, withEnvironment } from './support.ts';

type Load = (request: string, ...rest: readonly unknown[]) => unknown;

let realm: Realm;
let mongod: FakeMongod;
let restore: () => void;
/** How often the driver has asked for npm's kerberos. */
let asked = 0;

beforeAll(async () => {
  realm = await startRealm();
  const undo = withEnvironment(realm.env);
  const load: Load = Reflect.get(Module, '_load');
  const loadOurs: Load = (request, ...rest) => {
    if (request !== 'kerberos') return load(request, ...rest);
    asked++;
    return kerberos;
  };
  Reflect.set(Module, '_load', loadOurs);
  restore = () => {
    Reflect.set(Module, '_load', load);
    undo();
  };
  mongod = await startFakeMongod({
    accept: () => createAcceptor({ keytab: realm.kdc.keytab('mongodb/localhost') }),
    nameOf: ({ info }) => formatPrincipal(info.initiator),
  });
});
afterAll(async () => {
  await mongod.stop();
  restore();
  await realm.stop();
});

/** Signs in as the driver does and runs a command. */
async function ping(user: string, options = ''): Promise<unknown> {
  const address = `mongodb://${user}@localhost:${mongod.port}/?authMechanism=GSSAPI&authSource=%24external`;
  const client = new MongoClient(`${address}${options}`, {
    serverApi: '1',
    directConnection: true,
    serverSelectionTimeoutMS: 15_000,
  });
  try {
    return await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}

describe("MongoDB's driver", () => {
  it('signs in with the tickets of the default cache', async () => {
    expect(await ping('alice%40A.TEST')).toMatchObject({ ok: 1 });
    expect(asked).toBe(1);
    expect(mongod.signedIn.at(-1)).toEqual({ authzid: 'alice@A.TEST', principal: 'alice@A.TEST' });
  });

  it('signs in with a password', async () => {
    expect(await ping('bob%40A.TEST:bobpw')).toMatchObject({ ok: 1 });
    expect(mongod.signedIn.at(-1)).toEqual({ authzid: 'bob@A.TEST', principal: 'bob@A.TEST' });
  });

  it('names the service, its host and its realm', async () => {
    const properties = 'SERVICE_NAME:mongodb,SERVICE_REALM:A.TEST,SERVICE_HOST:localhost';
    expect(await ping('alice%40A.TEST', `&authMechanismProperties=${properties}`)).toMatchObject({ ok: 1 });
  });

  it('is told why it cannot', async () => {
    await expect(ping('bob%40A.TEST:wrong')).rejects.toThrow('Password incorrect');
    await expect(ping('alice%40A.TEST', '&authMechanismProperties=SERVICE_NAME:nosuch')).rejects.toThrow(
      'Server nosuch/localhost@A.TEST not found in Kerberos database',
    );
  });
});
