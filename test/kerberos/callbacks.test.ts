import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import kerberos, {
  type Callback,
  type KerberosClient,
  type KerberosServer,
} from '../../src/kerberos/index.ts';
import { type Realm, startRealm, withEnvironment } from './support.ts';

let realm: Realm;
let restore: () => void;

beforeAll(async () => {
  realm = await startRealm();
  restore = withEnvironment(realm.env);
});
afterAll(async () => {
  restore();
  await realm.stop();
});

/** What a callback is told. */
function told<T>(begin: (callback: Callback<T>) => unknown): Promise<readonly [Error | null, T | undefined]> {
  return new Promise(resolve => {
    const returned = begin((error, result) => resolve([error, result]));
    expect(returned).toBeUndefined();
  });
}

describe('callbacks', () => {
  it('are told what a promise would resolve to', async () => {
    const [, client] = await told<KerberosClient>(done =>
      kerberos.initializeClient('HTTP@localhost', {}, done),
    );
    const [, other] = await told(done => kerberos.initializeClient('HTTP@localhost', done));
    const [, server] = await told<KerberosServer>(done => kerberos.initializeServer('HTTP@localhost', done));
    expect(other).toBeInstanceOf(kerberos.KerberosClient);
    const [none, token] = await told<string>(done => client!.step('', done));
    expect(none).toBeNull();
    const [, reply] = await told<string>(done => server!.step(token!, done));
    expect(await told(done => client!.step(reply!, done))).toEqual([null, null]);
    const [, wrapped] = await told<string>(done => client!.wrap('AAAAAA==', { user: 'alice' }, done));
    expect(wrapped).toMatch(/^BQ/);
    expect((await told<string>(done => client!.wrap('AAAAAA==', done)))[1]).toMatch(/^BQ/);
    const [error] = await told(done => client!.unwrap('AAAA', done));
    expect(error?.message).toMatch(/^Invalid token was supplied: /);
  });

  it('are told of passwords and principals', async () => {
    const service = 'HTTP/localhost';
    expect(await told(done => kerberos.checkPassword('alice', 'alicepw', service, 'A.TEST', done))).toEqual([
      null,
      null,
    ]);
    const [error] = await told(done => kerberos.checkPassword('alice', 'wrong', service, done));
    expect(error?.message).toBe('Preauthentication failed (-1765328360)');
    expect(await told(done => kerberos.principalDetails('HTTP', 'localhost', done))).toEqual([
      null,
      'HTTP/localhost@A.TEST',
    ]);
  });

  it('are not called for arguments that are none: those throw at once', () => {
    const never = () => {
      throw new Error('called');
    };
    expect(() => kerberos.initializeClient(3 as never, {}, never)).toThrow(TypeError);
    expect(() => kerberos.initializeServer(3 as never, never)).toThrow(
      'parameter `service` must be a string.',
    );
    expect(() => kerberos.checkPassword('a', 'b', 'c', 3 as never, never)).toThrow(
      'if specified, parameter `defaultRealm` must be a string.',
    );
  });

  it('are a promise where they are no functions', async () => {
    for (const none of [null, undefined, 3, {}]) {
      expect(await kerberos.principalDetails('HTTP', 'localhost', none as never)).toBe(
        'HTTP/localhost@A.TEST',
      );
    }
  });

  it('may throw, which no promise swallows', async () => {
    const uncaught = new Promise(resolve => {
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', error => {
        for (const listener of listeners) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const thrown = new Error('thrown by the callback');
    kerberos.principalDetails('HTTP', 'localhost', () => {
      throw thrown;
    });
    expect(await uncaught).toBe(thrown);
  });
});
