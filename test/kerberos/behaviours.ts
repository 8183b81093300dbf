import { describe, expect, it } from 'vitest';
import type * as ours from '../../src/kerberos/index.ts';

/** npm's kerberos, or what stands in for it. */
export type Kerberos = Omit<typeof ours, 'default' | 'KerberosClient' | 'KerberosServer'>;

/** Both sides of a context, once it is complete. */
export async function establish(
  { client, server }: { readonly client: Kerberos; readonly server: Kerberos },
  options: ours.InitializeClientOptions = {},
  service = 'HTTP@localhost',
) {
  const initiator = await client.initializeClient('HTTP@localhost', options);
  const acceptor = await server.initializeServer(service);
  let token: string | null = await initiator.step('');
  while (token !== null) {
    const reply: string | null = await acceptor.step(token);
    token = reply !== null && !initiator.contextComplete ? await initiator.step(reply) : null;
  }
  return { client: initiator, server: acceptor };
}

/** What an operation is refused with. */
export async function refusal(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => undefined,
    reason => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error;
}

const MAJOR = 'No credentials were supplied, or the credentials were unavailable or inaccessible';
const FAILURE = 'Unspecified GSS failure.  Minor code may provide more information';

/**
 * What holds for npm's kerberos, and has to for what stands in for it, in a process whose environment is of a realm A.TEST:
 * alice has tickets there, and the password alicepw; the keytab has keys of HTTP/localhost and host/localhost, but none of
 * nokey/localhost.
 */
export function describeKerberos(kerberos: Kerberos): void {
  const both = { client: kerberos, server: kerberos };
  const initiate = (options?: ours.InitializeClientOptions) =>
    kerberos.initializeClient('HTTP@localhost', options);

  describe('the module', () => {
    it('tells its version', () => {
      expect(kerberos.version).toMatch(/^\d+\.\d+\.\d+/);
      expect(kerberos.definedNapiVersion()).toBe('9');
    });

    it("has RFC 2744's flags and the numbers of mechanisms", () => {
      expect(kerberos).toMatchObject({
        GSS_C_DELEG_FLAG: 1,
        GSS_C_MUTUAL_FLAG: 2,
        GSS_C_REPLAY_FLAG: 4,
        GSS_C_SEQUENCE_FLAG: 8,
        GSS_C_CONF_FLAG: 16,
        GSS_C_INTEG_FLAG: 32,
        GSS_C_ANON_FLAG: 64,
        GSS_C_PROT_READY_FLAG: 128,
        GSS_C_TRANS_FLAG: 256,
        GSS_C_NO_OID: 0,
        GSS_MECH_OID_KRB5: 9,
        GSS_MECH_OID_SPNEGO: 6,
      });
    });
  });

  describe('principalDetails', () => {
    it('finds the principal of a service in the keytab', async () => {
      expect(await kerberos.principalDetails('HTTP', 'localhost')).toBe('HTTP/localhost@A.TEST');
    });

    it('rejects for a service that is not there', async () => {
      const { message } = await refusal(kerberos.principalDetails('HTTP', 'elsewhere'));
      expect(message).toBe('Principal not found in keytab (-1)');
    });

    it('takes strings only', async () => {
      expect(await refusal(kerberos.principalDetails(3 as never, 'x'))).toMatchObject({
        constructor: TypeError,
        message: 'parameter `service` must be a string.',
      });
      const { message } = await refusal(kerberos.principalDetails('x', 3 as never));
      expect(message).toBe('parameter `hostname` must be a string.');
    });
  });

  describe('checkPassword', () => {
    it('resolves for the right password', async () => {
      expect(await kerberos.checkPassword('alice', 'alicepw', 'HTTP/localhost', 'A.TEST')).toBeNull();
      expect(await kerberos.checkPassword('alice@A.TEST', 'alicepw', 'HTTP/localhost')).toBeNull();
    });

    it.each([
      ['alice', 'wrong', 'A.TEST', 'Preauthentication failed (-1765328360)'],
      ['nobody', 'alicepw', 'A.TEST', 'Client not found in Kerberos database (-1765328378)'],
      ['alice', 'alicepw', 'NO.TEST', 'Cannot find KDC for requested realm (-1765328230)'],
      ['a@b@c', 'alicepw', 'A.TEST', 'Malformed representation of principal (-1765328250)'],
    ])('rejects for %s with %s in %s', async (user, password, realm, message) => {
      const error = await refusal(kerberos.checkPassword(user, password, 'HTTP/localhost', realm));
      expect(error).toMatchObject({ constructor: Error, message });
    });

    it.each([
      ['username', [3, 'password', 'service']],
      ['password', ['username', 3, 'service']],
      ['service', ['username', 'password', 3]],
    ])('takes a string only for the %s', async (name, parameters) => {
      const [username, password, service] = parameters as [string, string, string];
      const error = await refusal(kerberos.checkPassword(username, password, service));
      expect(error).toMatchObject({
        constructor: TypeError,
        message: `parameter \`${name}\` must be a string.`,
      });
    });
  });

  describe('a client and a server', () => {
    it('authenticate each other', async () => {
      const client = await initiate({});
      const server = await kerberos.initializeServer('HTTP@localhost');
      expect(client).toMatchObject({
        username: null,
        response: null,
        responseConf: 0,
        contextComplete: false,
      });
      expect(server).toMatchObject({
        username: null,
        response: null,
        targetName: null,
        contextComplete: false,
      });
      const token = await client.step('');
      expect(client).toMatchObject({ username: null, response: token, contextComplete: false });
      const reply = await server.step(token);
      expect(server).toMatchObject({ username: 'alice@A.TEST', response: reply, contextComplete: true });
      expect(server.targetName).toBeNull();
      expect(await client.step(reply)).toBeNull();
      expect(client).toMatchObject({ username: 'alice@A.TEST', response: null, contextComplete: true });
    });

    it.each([
      ['Kerberos', 9, /^YI/],
      ['SPNEGO', 6, /^YI/],
      ['whatever is best', 0, /^YI/],
      ['the mechanism of a number nobody has', 7, /^YI/],
    ])('speak %s', async (_, mechOID, shape) => {
      const first = await (await initiate({ mechOID })).step('');
      expect(first).toMatch(shape);
      const spnego = Buffer.from(first, 'base64').includes(Buffer.from('06062b0601050502', 'hex'));
      expect(spnego).toBe(mechOID === 6);
      const { client, server } = await establish(both, { mechOID });
      expect([client.username, server.username]).toEqual(['alice@A.TEST', 'alice@A.TEST']);
    });

    it('need one token where the server need not prove who it is', async () => {
      const client = await initiate({ flags: 0 });
      const server = await kerberos.initializeServer('HTTP@localhost');
      const token = await client.step('');
      expect(client).toMatchObject({ username: 'alice@A.TEST', contextComplete: true });
      expect(await server.step(token)).toBeNull();
      expect(server.username).toBe('alice@A.TEST');
    });

    it('tell whom the client asked for where the server is any', async () => {
      const { server } = await establish(both, {}, '');
      expect(server.targetName).toBe('HTTP/localhost@A.TEST');
    });

    it('go by a service on any host', async () => {
      expect((await establish(both, {}, 'HTTP')).server.username).toBe('alice@A.TEST');
    });

    it('do not mind the case of a host', async () => {
      expect(await (await kerberos.initializeClient('HTTP@LOCALHOST')).step('')).toMatch(/^YI/);
    });
  });

  describe('a client', () => {
    it('is of the principal that is named', async () => {
      const { client } = await establish(both, { principal: 'alice@A.TEST' });
      expect(client.username).toBe('alice@A.TEST');
      const { message } = await refusal(initiate({ principal: 'carol@A.TEST' }));
      expect(message).toBe(`${MAJOR}: Can't find client principal carol@A.TEST in cache collection`);
    });

    it('is not of a service without a name', async () => {
      const { message } = await refusal(kerberos.initializeClient(''));
      expect(message).toMatch(/^An invalid name was supplied: /);
    });

    it('takes strings only', async () => {
      expect(await refusal(kerberos.initializeClient(undefined as never))).toMatchObject({
        constructor: TypeError,
        message: 'parameter `service` must be a string.',
      });
      const client = await initiate();
      for (const work of [client.step(3 as never), client.wrap(3 as never), client.unwrap(3 as never)]) {
        expect(await refusal(work)).toMatchObject({
          constructor: TypeError,
          message: 'parameter `challenge` must be a string.',
        });
      }
    });

    it('is refused a service that is not known', async () => {
      const client = await kerberos.initializeClient('nosuch@localhost');
      const { message } = await refusal(client.step(''));
      expect(message).toBe(`${FAILURE}: Server nosuch/localhost@A.TEST not found in Kerberos database`);
    });

    it('refuses what is no answer', async () => {
      const client = await initiate();
      await client.step('');
      const error = await refusal(client.step('aGVsbG8='));
      expect(error.constructor).toBe(Error);
      expect(error.message).toMatch(/^Invalid token was supplied: /);
      expect(client.contextComplete).toBe(false);
    });

    it('takes no step once it is complete', async () => {
      const { client } = await establish(both);
      const { message } = await refusal(client.step(''));
      expect(message).toBe(`${FAILURE}: Context is already fully established`);
    });

    it('wraps the answer to an offer of SASL layers, for a user or for itself', async () => {
      const { client } = await establish(both);
      const offer = Buffer.from([7, 1, 2, 3]).toString('base64');
      const asUser = await client.wrap(offer, { user: 'alice' });
      expect(client.response).toBe(asUser);
      expect(messageOf(asUser)).toEqual(Buffer.from('\x01\x01\x02\x03alice'));
      expect(messageOf(await client.wrap(offer, {}))).toEqual(Buffer.from([1, 1, 2, 3]));
      expect(messageOf(await client.wrap(offer))).toEqual(Buffer.from([1, 1, 2, 3]));
      expect(await client.wrap('challenge')).toMatch(/^BQ/);
    });

    it('seals what is to be protected', async () => {
      const { client } = await establish(both);
      const offer = Buffer.from([7, 1, 2, 3]).toString('base64');
      const wrapped = Buffer.from(await client.wrap(offer, { user: 'alice', protect: false }), 'base64');
      const sealed = Buffer.from(await client.wrap(offer, { user: 'alice', protect: true }), 'base64');
      expect([wrapped.includes('alice'), sealed.includes('alice')]).toEqual([true, false]);
      const error = await refusal(client.wrap(offer, { protect: 'yes' as never }));
      expect(error).toMatchObject({
        constructor: TypeError,
        message: 'options.protect must be a boolean.',
      });
    });

    it('unwraps nothing that is no message of its server', async () => {
      const { client } = await establish(both);
      const error = await refusal(client.unwrap('aGVsbG8='));
      expect(error.message).toMatch(/^Invalid token was supplied: /);
      expect(client.response).toBeNull();
      // Its own.
      await refusal(client.unwrap(await client.wrap('AAAA', { user: 'x' })));
    });

    it('neither wraps nor unwraps before it is complete', async () => {
      const client = await initiate();
      expect((await refusal(client.wrap('AAAAAA=='))).constructor).toBe(Error);
      expect((await refusal(client.unwrap('AAAAAA=='))).constructor).toBe(Error);
    });
  });

  describe('a server', () => {
    it('needs a key of its service', async () => {
      const { message } = await refusal(kerberos.initializeServer('nokey@localhost'));
      expect(message).toBe(`${MAJOR}: No key table entry found matching nokey/localhost@`);
    });

    it('takes strings only', async () => {
      const error = await refusal(kerberos.initializeServer(undefined as never));
      expect(error).toMatchObject({
        constructor: TypeError,
        message: 'parameter `service` must be a string.',
      });
      const server = await kerberos.initializeServer('HTTP@localhost');
      expect(await refusal(server.step(3 as never))).toMatchObject({
        constructor: TypeError,
        message: 'parameter `challenge` must be a string.',
      });
    });

    it('needs a token', async () => {
      const server = await kerberos.initializeServer('HTTP@localhost');
      const { message } = await refusal(server.step(''));
      expect(message).toBe('No challenge parameter in request from client');
      expect((await refusal(server.step('$$$$'))).constructor).toBe(Error);
      expect(server.contextComplete).toBe(false);
    });

    it('refuses what is no token', async () => {
      const server = await kerberos.initializeServer('HTTP@localhost');
      const { message } = await refusal(server.step('aGVsbG8='));
      expect(message).toMatch(/^Invalid token was supplied: /);
    });

    it('refuses a token for another service', async () => {
      const server = await kerberos.initializeServer('host@localhost');
      const { message } = await refusal(server.step(await (await initiate()).step('')));
      expect(message.startsWith(`${FAILURE}: `)).toBe(true);
      expect(server).toMatchObject({ username: null, contextComplete: false });
    });

    it('refuses a token that comes again', async () => {
      const token = await (await initiate()).step('');
      await (await kerberos.initializeServer('')).step(token);
      const again = await kerberos.initializeServer('HTTP@localhost');
      expect((await refusal(again.step(token))).message).toBe(`${FAILURE}: Request is a replay`);
    });
  });
}

/** What is in a token that is not sealed, in RFC 4121's format with a checksum of 12 bytes or more. */
function messageOf(token: string): Buffer {
  const bytes = Buffer.from(token, 'base64');
  const checksumLength = bytes.readUInt16BE(4);
  return bytes.subarray(16, bytes.length - checksumLength);
}
