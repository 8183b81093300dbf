import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { getInitialCredential } from '../../src/client/initial.ts';
import { OctetString, Utf8String } from '../../src/codec/der/primitives.ts';
import { TransportError } from '../../src/errors.ts';
import { createAcceptor } from '../../src/gss/acceptor.ts';
import type { SecurityContext } from '../../src/gss/context.ts';
import { GssError } from '../../src/gss/gss-error.ts';
import { createIakerbAcceptor, type IakerbAcceptorOptions } from '../../src/gss/iakerb/acceptor.ts';
import { openProxyToken, proxyToken } from '../../src/gss/iakerb/messages.ts';
import { type OpenContextOptions, openContext } from '../../src/gss/initiate.ts';
import { IAKERB } from '../../src/gss/oids.ts';
import { type RunningKdc, startKdc } from '../../src/kdc/start.ts';
import { KRB_AP_ERR_IAKERB_KDC_NO_RESPONSE } from '../../src/messages/error-codes.ts';
import { AsReq } from '../../src/messages/kdc-req.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { converse, type Tamper } from './spnego-support.ts';

const REALM = 'EXAMPLE.TEST';
const alice = parsePrincipal(`alice@${REALM}`);
const sample = parsePrincipal(`sample/localhost@${REALM}`);
const environment = {
  dataDirectory: '/nonexistent',
  keychain: () => Promise.reject(new Error('no keychain is to be asked for')),
};
let caches = 0;

const newCache = () => resolveCcache(`MEMORY:iakerb${caches++}`, environment);

describe('IAKERB', () => {
  let kdc: RunningKdc;

  beforeAll(async () => {
    kdc = await startKdc({
      realm: REALM,
      users: [{ name: 'alice', password: 'wonderland' }],
      services: ['sample/localhost'],
    });
  });
  afterAll(() => kdc.close());

  async function open(options: Partial<OpenContextOptions> = {}): Promise<SecurityContext> {
    return openContext(sample, await newCache(), {
      mechanism: 'iakerb',
      transport: () => Promise.reject(new Error('no KDC is to be reached')),
      clientPassword: { client: alice, password: async () => 'wonderland' },
      ...options,
    });
  }

  function accept(options: Partial<IakerbAcceptorOptions> = {}): SecurityContext {
    const { transport } = kdc;
    return createIakerbAcceptor({
      ...{ keytab: kdc.keytab('sample/localhost'), transport, realms: [REALM] },
      ...options,
    });
  }

  it('logs in through the acceptor, and talks to it', async () => {
    const [initiator, acceptor] = [await open(), accept()];
    const { tokens, failure } = await converse(initiator, acceptor);
    expect(failure).toBeUndefined();
    // Three requests of a login by SPAKE, one for the service's ticket, and the AP-REQ; an answer to each.
    expect(tokens).toHaveLength(10);
    for (const { info } of [initiator, acceptor]) {
      expect(info).toMatchObject({ mechanism: IAKERB, initiator: alice, acceptor: sample });
    }
    const message = Buffer.from('message');
    expect(message.equals(acceptor.unwrap(initiator.wrap(message)).message)).toBe(true);
    initiator.verifyMic(message, acceptor.mic(message));
  });

  it('asks nothing of KDCs if the cache has the ticket', async () => {
    const cache = await newCache();
    const once = async () => {
      const clientPassword = { client: alice, password: async () => 'wonderland' };
      const { transport } = kdc;
      const initiator = await openContext(sample, cache, { mechanism: 'iakerb', transport, clientPassword });
      return converse(initiator, accept());
    };
    expect((await once()).tokens).toHaveLength(10);
    const { tokens, failure } = await once();
    expect([tokens.length, failure]).toEqual([2, undefined]);
  });

  it('is not established if any octet of the exchange was changed', async () => {
    const { tokens } = await converse(await open(), accept());
    // Each try is a whole login.
    const steps = [83, 59, 71, 97, 101, 89, 67, 79];
    for (const [number, token] of tokens.slice(0, steps.length).entries()) {
      for (let at = number; at < token.length; at += steps[number]!) {
        const [initiator, acceptor] = [await open(), accept()];
        const tamper: Tamper = (original, n) => {
          if (n !== number) return original;
          const changed = Uint8Array.from(original);
          changed[at % changed.length]! ^= 1 << (at % 8);
          return changed;
        };
        const { failure } = await converse(initiator, acceptor, tamper);
        expect(failure, `octet ${at} of token ${number}`).toBeInstanceOf(GssError);
        expect(acceptor.established).toBe(false);
      }
    }
  });

  it('is refused if the initiator does not prove the exchange', async () => {
    const acceptor = accept();
    await acceptor.step(await (await open()).step());
    const { transport } = kdc;
    const { credential } = await getInitialCredential(
      alice,
      { password: async () => 'wonderland' },
      { transport },
    );
    const cache = await newCache();
    await cache.initialize({ principal: alice, credentials: [credential] });
    const plain = await openContext(sample, cache, { transport });
    await expect(acceptor.step(await plain.step())).rejects.toMatchObject({ major: 'BAD_MIC' });
  });

  it('is for the realms that the acceptor allows', async () => {
    let asked = 0;
    const transport = async () => {
      asked++;
      return new Uint8Array();
    };
    const { failure } = await converse(await open(), accept({ transport, realms: ['OTHER.TEST'] }));
    expect((failure as Error).message).toContain('The IAKERB proxy could not find a KDC');
    expect(asked).toBe(0);
  });

  it('tells the initiator that no KDC answers', async () => {
    const acceptor = accept({
      transport: async realm => {
        throw new TransportError('KDC_UNREACHABLE', 'no answer', realm);
      },
    });
    const { failure } = await converse(await open(), acceptor);
    expect(failure).toMatchObject({ cause: { errorCode: KRB_AP_ERR_IAKERB_KDC_NO_RESPONSE } });
  });

  it('passes on nothing but requests to KDCs', async () => {
    const message = KrbError.encode({
      ...{ stime: new Date(0), susec: 0, errorCode: 6, realm: REALM },
      sname: { nameType: 2, nameString: ['krbtgt', REALM] },
    });
    const token = proxyToken({ header: { targetRealm: OctetString.encode(Buffer.from(REALM)) }, message });
    await expect(accept().step(token)).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
  });

  it('ends an exchange that does not end', async () => {
    const acceptor = accept({ transport: async () => new Uint8Array(4) });
    const message = Uint8Array.of(AsReq.tags[0]!, 0);
    const token = proxyToken({ header: { targetRealm: OctetString.encode(Buffer.from(REALM)) }, message });
    let taken = 0;
    const failed = (async () => {
      for (; taken < 1000; taken++) await acceptor.step(token);
    })();
    await expect(failed).rejects.toMatchObject({ major: 'DEFECTIVE_TOKEN' });
    expect(taken).toBe(32);
  });

  it('answers in the initiator’s own kind of string, and with its first realm if none was named', async () => {
    const named = Utf8String.encode(REALM);
    const empty = OctetString.encode(new Uint8Array());
    const answers = await Promise.all(
      [named, empty].map(async targetRealm => {
        const reply = await accept().step(proxyToken({ header: { targetRealm }, message: new Uint8Array() }));
        return Buffer.from(openProxyToken(reply!)!.header.targetRealm);
      }),
    );
    expect(answers).toEqual([named, OctetString.encode(Buffer.from(REALM))].map(der => Buffer.from(der)));
  });

  it('returns the cookie that the acceptor has sent', async () => {
    const [initiator, acceptor] = [await open(), accept()];
    const { header, message } = openProxyToken((await acceptor.step(await initiator.step()))!)!;
    const cookie = Buffer.from('cookie');
    const next = await initiator.step(proxyToken({ header: { ...header, cookie }, message }));
    expect(cookie.equals(openProxyToken(next!)!.header.cookie!)).toBe(true);
  });

  it('can be aborted between two steps', async () => {
    const controller = new AbortController();
    const [initiator, acceptor] = [await open({ signal: controller.signal }), accept()];
    const reply = await acceptor.step(await initiator.step());
    controller.abort();
    await expect(initiator.step(reply)).rejects.toMatchObject({ cause: { code: 'ABORTED' } });
  });

  it('keeps nobody else who uses the cache waiting', async () => {
    const cache = await newCache();
    const opened = () =>
      openContext(sample, cache, {
        mechanism: 'iakerb',
        transport: kdc.transport,
        clientPassword: { client: alice, password: async () => 'wonderland' },
      });
    // Nobody goes on with the first, and the second has met with garbage.
    await (await opened()).step();
    const second = await opened();
    await second.step();
    await expect(second.step(Buffer.from('garbage'))).rejects.toBeInstanceOf(GssError);
    expect((await converse(await opened(), accept())).failure).toBeUndefined();
  });

  it('is not for an acceptor without a transport', async () => {
    const acceptor = createAcceptor({ keytab: kdc.keytab('sample/localhost') });
    const { failure } = await converse(await open(), acceptor);
    expect(failure).toMatchObject({ major: 'BAD_MECH' });
  });
});
