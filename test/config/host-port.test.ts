import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHostPort, parseKdc } from '../../src/config/host-port.ts';

interface Vector {
  readonly input: string | null;
  readonly default_port: number;
  readonly error: string | null;
  readonly host: string | null;
  readonly port: number;
}

const file = '../shared/vectors/host_port.json';

describe.skipIf(!existsSync(file))('host and port, known answers', () => {
  const vectors: readonly Vector[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).vectors : [];
  it.each(vectors.filter(vector => vector.input !== null))(
    '$input',
    ({ input, default_port, error, host, port }) => {
      const expected = error === null ? { host: host ?? undefined, port } : undefined;
      expect(parseHostPort(input!, default_port)).toEqual(expected);
    },
  );
});

describe('KDC addresses', () => {
  it.each([
    ['kdc.example.com', { kind: 'host', host: 'kdc.example.com', port: 88 }],
    ['kdc.example.com:750 # the old one', { kind: 'host', host: 'kdc.example.com', port: 750 }],
    ['[::1]:10088', { kind: 'host', host: '::1', port: 10088 }],
    ['tcp/kdc', { kind: 'host', host: 'kdc', port: 88, protocol: 'tcp' }],
    ['UDP/10.0.0.1:89', { kind: 'host', host: '10.0.0.1', port: 89, protocol: 'udp' }],
    ['tcp://kdc:750', { kind: 'host', host: 'kdc', port: 750, protocol: 'tcp' }],
    ['UDP://[::1]', { kind: 'host', host: '::1', port: 88, protocol: 'udp' }],
    ['https://proxy/KdcProxy', { kind: 'https', url: 'https://proxy/KdcProxy' }],
    ['/run/kdc.socket', { kind: 'unix', path: '/run/kdc.socket' }],
  ])('%j is one', (text, address) => {
    expect(parseKdc(text)).toEqual(address);
  });

  it.each(['', '88', '::1', 'kdc:', 'kdc:x', 'kdc:65536', '[]', '[::1', 'tcp/', 'tcp://', 'tcp:kdc'])(
    '%j is none',
    text => {
      expect(parseKdc(text)).toBeUndefined();
    },
  );
});
