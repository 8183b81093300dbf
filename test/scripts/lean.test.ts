import { execFileSync } from 'node:child_process';
import * as ordinary from 'node:crypto';
import { createSocket as ordinarySocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { binding } from '../../scripts/lean-binding.mjs';
import * as lean from '../../scripts/lean-crypto.mjs';
import { createSocket } from '../../scripts/lean-dgram.mjs';
import { hasIpv6 } from '../support/ipv6.ts';

const bytes = (length: number): Buffer => ordinary.randomBytes(length);

describe('lean cryptography does what node:crypto does', () => {
  it.each([
    ['aes-128-cbc', 16, 16],
    ['aes-256-cbc', 32, 16],
    ['aes-256-ecb', 32, 0],
    ['camellia-256-cbc', 32, 16],
    ['des-ede3-cbc', 24, 8],
  ])('with %s', (algorithm, keyLength, ivLength) => {
    const [key, iv, text] = [bytes(keyLength), ivLength === 0 ? null : bytes(ivLength), bytes(80)];
    const sealWith = ({ createCipheriv }: typeof lean): Buffer => {
      const cipher = createCipheriv(algorithm, key, iv);
      return Buffer.concat([cipher.update(text), cipher.update(text), cipher.final()]);
    };
    const openWith = ({ createDecipheriv }: typeof lean, sealed: Buffer, pads: boolean): Buffer => {
      const decipher = createDecipheriv(algorithm, key, iv).setAutoPadding(pads);
      return Buffer.concat([decipher.update(sealed), decipher.final()]);
    };
    const sealed = sealWith(ordinary);
    expect(sealWith(lean)).toEqual(sealed);
    for (const pads of [true, false]) {
      expect(openWith(lean, sealed, pads)).toEqual(openWith(ordinary, sealed, pads));
    }
  });

  it('with a tag, for which it takes the module', () => {
    const [key, nonce] = [bytes(32), bytes(12)];
    const cipher = lean.createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
    const sealed = Buffer.concat([cipher.update('secret'), cipher.final()]);
    const decipher = lean.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
    decipher.setAuthTag(cipher.getAuthTag());
    expect(decipher.update(sealed, undefined, 'utf8') + decipher.final('utf8')).toBe('secret');
  });

  it.each(['md5', 'sha1', 'sha256', 'sha384'])('with %s, again and again', name => {
    for (const length of [0, 1, 100, 5000]) {
      const text = bytes(length);
      for (const encoding of ['binary', 'hex'] as const) {
        expect(lean.hash(name, text, encoding)).toBe(ordinary.hash(name, text, encoding));
      }
    }
  });

  it('with hashes of many parts', () => {
    const parts = [bytes(1), new Uint8Array(), bytes(100)];
    for (const name of ['sha1', 'sha512']) {
      const digestWith = ({ createHash }: typeof lean) =>
        parts.reduce((hash, part) => hash.update(part), createHash(name));
      expect(digestWith(lean).digest()).toEqual(digestWith(ordinary).digest());
      expect(digestWith(lean).digest('binary')).toBe(digestWith(ordinary).digest('binary'));
    }
    const long = lean.createHash('shake128', { outputLength: 50 }).update('a').digest();
    expect(long).toEqual(ordinary.createHash('shake128', { outputLength: 50 }).update('a').digest());
  });

  it('with keys of X25519', () => {
    const [mine, other] = [ordinary.generateKeyPairSync('x25519'), ordinary.generateKeyPairSync('x25519')];
    const secretWith = ({ createPrivateKey, createPublicKey, diffieHellman }: typeof lean, der = false) => {
      const pkcs8 = {
        key: mine.privateKey.export({ format: 'der', type: 'pkcs8' }),
        format: 'der',
        type: 'pkcs8',
      } as const;
      const jwk = { key: mine.privateKey.export({ format: 'jwk' }), format: 'jwk' } as const;
      const spki = {
        key: other.publicKey.export({ format: 'der', type: 'spki' }),
        format: 'der',
        type: 'spki',
      } as const;
      const publicJwk = { key: other.publicKey.export({ format: 'jwk' }), format: 'jwk' } as const;
      return diffieHellman({
        privateKey: createPrivateKey(der ? pkcs8 : jwk),
        publicKey: createPublicKey(der ? spki : publicJwk),
      });
    };
    const secret = secretWith(ordinary);
    expect(secretWith(lean)).toEqual(secret);
    expect(secretWith(lean, true)).toEqual(secret);
  });

  it.each([
    ['sha1', 32],
    ['sha256', 16],
    ['sha384', 32],
  ])('with PBKDF2 and %s', (digest, length) => {
    const salt = bytes(20);
    for (const password of [Buffer.from('p\xe4ss'), 'p\xe4ss', new Uint8Array()]) {
      const expected = ordinary.pbkdf2Sync(password, salt, 100, length, digest);
      expect(lean.pbkdf2Sync(password, salt, 100, length, digest)).toEqual(expected);
    }
  });

  it('with random bytes, where they are wanted alone', () => {
    const filled = Buffer.alloc(96);
    expect(lean.randomFillSync(filled, 32, 32)).toBe(filled);
    const [before, within, after] = [0, 32, 64].map(at => filled.subarray(at, at + 32));
    expect([before, after]).toEqual([Buffer.alloc(32), Buffer.alloc(32)]);
    expect(within).not.toEqual(Buffer.alloc(32));
    const again = lean.randomFillSync(Buffer.alloc(32));
    expect(again).not.toEqual(within);
    expect(lean.randomFillSync(Buffer.alloc(4), 4)).toEqual(Buffer.alloc(4));
  });

  it('with comparisons', () => {
    const a = bytes(12);
    expect(lean.timingSafeEqual(a, Uint8Array.from(a))).toBe(true);
    expect(lean.timingSafeEqual(a, bytes(12))).toBe(false);
    expect(() => lean.timingSafeEqual(a, bytes(11))).toThrow(RangeError);
  });

  it.each<[string, (crypto: typeof lean) => unknown]>([
    ['an unknown cipher', ({ createCipheriv }) => createCipheriv('aes-512-cbc', bytes(32), bytes(16))],
    ['a short key', ({ createDecipheriv }) => createDecipheriv('aes-256-cbc', bytes(31), bytes(16))],
    ['a long IV', ({ createCipheriv }) => createCipheriv('aes-256-cbc', bytes(32), bytes(17))],
    ['an unknown hash', ({ hash }) => hash('sha0', bytes(1), 'binary')],
    ['an unknown hash of PBKDF2', ({ pbkdf2Sync }) => pbkdf2Sync(bytes(1), bytes(1), 1, 16, 'sha0')],
  ])('with %s', (_, work) => {
    expect(() => work(ordinary)).toThrow();
    expect(() => work(lean)).toThrow();
  });
});

interface Ends {
  readonly type: 'udp4' | 'udp6';
  readonly address: string;
}

const ipv4: Ends = { type: 'udp4', address: '127.0.0.1' };
const ipv6: Ends = { type: 'udp6', address: '::1' };

describe.each(hasIpv6 ? [ipv4, ipv6] : [ipv4])('a lean socket of $type', ({ type, address }) => {
  /** One that echoes. */
  async function peer(): Promise<Socket> {
    const socket = ordinarySocket(type);
    socket.on('message', (message, { port, address: from }) => socket.send(message, port, from));
    socket.bind(0, address);
    await once(socket, 'listening');
    return socket;
  }

  /** What a socket that sends so many bytes hears. */
  async function exchange(port: number, to: string, length = 3): Promise<Buffer> {
    const lookup = (_: string, __: unknown, found: (e: null, ip: string, family: number) => void): void =>
      found(null, address, type === 'udp6' ? 6 : 4);
    const socket = createSocket({ type, lookup });
    onTestFinished(() => void socket.close());
    return new Promise((resolve, reject) => {
      socket.on('error', reject).on('message', resolve);
      socket.on('connect', () => socket.send(Buffer.alloc(length, 7)));
      socket.bind({ exclusive: true });
      socket.connect(port, to);
    });
  }

  it('hears its peer', async () => {
    const echo = await peer();
    onTestFinished(() => void echo.close());
    const { port } = echo.address();
    expect(await exchange(port, address)).toEqual(Buffer.alloc(3, 7));
    expect(await exchange(port, address, 0)).toEqual(Buffer.alloc(0));
  });

  it('tells of a closed port', async () => {
    const gone = await peer();
    const { port } = gone.address();
    gone.close();
    await once(gone, 'close');
    await expect(exchange(port, address)).rejects.toMatchObject({ code: 'ECONNREFUSED', syscall: 'recvmsg' });
  });

  it('leaves to an ordinary one what it cannot connect to', async () => {
    const echo = await peer();
    onTestFinished(() => void echo.close());
    expect(await exchange(echo.address().port, 'kdc.example')).toEqual(Buffer.alloc(3, 7));
    await expect(exchange(0, address)).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  });
});

describe('what is below modules', () => {
  it('is found without a word about it, and what is missing is not', () => {
    const silent = `import { binding } from '${new URL('../../scripts/lean-binding.mjs', import.meta.url)}';
      for (const name of ['crypto', 'udp_wrap', 'other']) binding(name, []);
      console.log(process.noDeprecation);`;
    const flags = ['--pending-deprecation', '--throw-deprecation', '--input-type=module', '-e'];
    const run = execFileSync(process.execPath, [...flags, silent], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(String(run)).toBe('undefined\n');
    expect(binding('udp_wrap', ['UDP', 'Other'])).toBeUndefined();
    expect(binding('other', [])).toBeUndefined();
  });

  it('stays unused in a Node that was not tried, and in what poses as one', () => {
    const { versions } = process;
    onTestFinished(() => void Object.defineProperty(process, 'versions', { value: versions }));
    const untried = ['20.99.0', '21.0.0', '25.0.0', '200.0.0'].map(node => ({ node }));
    const otherKinds = ['electron', 'deno', 'bun'].map(kind => ({ node: '20.20.0', [kind]: '1.0.0' }));
    for (const given of [...untried, ...otherKinds]) {
      Object.defineProperty(process, 'versions', { value: { ...versions, ...given } });
      expect(binding('udp_wrap', ['UDP'])).toBeUndefined();
    }
  });
});
