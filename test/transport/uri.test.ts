import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { StopController } from '../../src/transport/stop-signal.ts';
import { createUriLookup, parseServerUri, type UriLookup } from '../../src/transport/uri.ts';
import { ANSWER, fakeKdc, framed, REQUEST, replying, silent, transportTo } from './fake-kdc.ts';

describe('a URI of a server', () => {
  it.each([
    ['krb5srv::udp:kdc1.test', { primary: false, host: 'kdc1.test', port: 88, protocol: 'udp' }],
    ['krb5srv:m:tcp:kdc1.test:750', { primary: true, host: 'kdc1.test', port: 750, protocol: 'tcp' }],
    ['KRB5SRV:xM:UDP:[::1]:750', { primary: true, host: '::1', port: 750, protocol: 'udp' }],
    [
      'krb5srv::kkdcp:https://proxy.test/path',
      { primary: false, host: 'https://proxy.test/path', port: 0, protocol: 'https' },
    ],
  ])('%s is read', (text, uri) => {
    expect(parseServerUri(text, 88)).toEqual(uri);
  });

  it.each([
    'krb5srv::sctp:kdc1.test',
    'krb5srv::udp:',
    'krb5srv:udp:kdc1.test',
    'krb5srv::kkdcp:http://proxy.test/',
    'krb5srv::udp:https://proxy.test/',
    'https://proxy.test/',
    '',
  ])('%j is none that we know', text => {
    expect(parseServerUri(text, 88)).toBeUndefined();
  });
});

const record = (target: string, priority = 0) => ({ priority, weight: 0, target });

describe('KDCs from URI records', () => {
  it('come before those of SRV records, by priority, with the protocol they name', async () => {
    await using udp = await fakeKdc({ udp: () => ANSWER, tcp: replying(ANSWER) });
    await using tcp = await fakeKdc({ udp: () => ANSWER, tcp: replying(ANSWER) });
    const asked: string[] = [];
    const lookupUri: UriLookup = async name => {
      asked.push(name);
      return [
        record(`krb5srv::udp:127.0.0.1:${udp.port}`, 9),
        record('other:thing'),
        record(`krb5srv::tcp:127.0.0.1:${tcp.port}`, 1),
      ];
    };
    await transportTo([], { lookupUri, lookupSrv: () => expect.unreachable(), stagger: 9 })(
      'A.TEST',
      REQUEST,
    );
    expect([asked, tcp.log, udp.log]).toEqual([['_kerberos.A.TEST'], ['tcp'], []]);
  });

  it('are not looked for when dns_uri_lookup is off', async () => {
    const lookupUri = () => expect.unreachable();
    await expect(
      transportTo([], { lookupUri }, 'dns_uri_lookup = no')('A.TEST', REQUEST),
    ).rejects.toMatchObject({
      code: 'REALM_UNKNOWN',
    });
  });

  it('are looked for at the site first', async () => {
    await using kdc = await fakeKdc({ udp: () => ANSWER });
    const asked: string[] = [];
    const lookupUri: UriLookup = async name => {
      asked.push(name);
      return name === '_kerberos.A.TEST' ? [record(`krb5srv::udp:127.0.0.1:${kdc.port}`)] : [];
    };
    await transportTo([], { lookupUri }, '[realms]\nA.TEST = {\nsitename = here\n}')('A.TEST', REQUEST);
    expect(asked).toEqual(['_kerberos.here._sites.A.TEST', '_kerberos.A.TEST']);
  });

  it('are the primary ones alone where a primary is asked for', async () => {
    await using primary = await fakeKdc({ udp: () => ANSWER });
    const lookupUri: UriLookup = async () => [
      record('krb5srv::udp:127.0.0.1:1'),
      record(`krb5srv:m:udp:127.0.0.1:${primary.port}`, 5),
    ];
    await transportTo([], { lookupUri, service: 'primary' })('A.TEST', REQUEST);
    expect(primary.log).toEqual(['udp']);
  });
});

describe('the URI look-up', () => {
  const target = 'krb5srv:m:tcp:kdc1.test:750';
  const name = '_kerberos.A.TEST';

  async function withServer(
    answer: (query: Buffer) => Buffer | readonly Buffer[],
    work: (lookup: UriLookup) => Promise<void>,
    overTcp?: (query: Buffer) => Buffer,
  ): Promise<void> {
    const stream = createServer(socket =>
      socket.on('data', chunk => socket.write(framed2(overTcp!(chunk.subarray(2))))),
    );
    stream.listen(0, '127.0.0.1');
    await once(stream, 'listening');
    const { port } = stream.address() as { port: number };
    const server = createSocket('udp4');
    server.on('message', (query, from) => {
      for (const reply of [answer(query)].flat()) server.send(reply, from.port, from.address);
    });
    server.bind(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      await work(createUriLookup([`127.0.0.1:${port}`]));
    } finally {
      server.close();
      stream.close();
    }
  }

  it('reads records, over aliases, and none where there are none', async () => {
    await withServer(
      query => dnsReply(query, [alias(), uriRecord(10, 1, target), uriRecord(20, 2, 'x:y')]),
      async lookup => {
        expect(await lookup(name, new StopController())).toEqual([
          { priority: 10, weight: 1, target },
          { priority: 20, weight: 2, target: 'x:y' },
        ]);
      },
    );
    await withServer(
      query => dnsReply(query, [], 3),
      async lookup => expect(await lookup(name, new StopController())).toEqual([]),
    );
  });

  it('asks again over TCP when the answer was cut', async () => {
    await withServer(
      query => dnsReply(query, [], 0, 0x83),
      async lookup => expect(await lookup(name, new StopController())).toMatchObject([{ target }]),
      query => dnsReply(query, [uriRecord(1, 1, target)]),
    );
  });

  it.each<[string, (query: Buffer) => Buffer]>([
    ['a failure of the server', query => dnsReply(query, [], 2)],
    [
      'an answer to another question',
      query => dnsReply(Buffer.concat([Buffer.of(9, 9), query.subarray(2)]), []),
    ],
    [
      'an answer with another name',
      query => {
        const other = Buffer.from(query);
        other[14]! ^= 1;
        return dnsReply(other, [uriRecord(1, 1, target)]);
      },
    ],
    ['half an answer', query => dnsReply(query, [uriRecord(1, 1, target)]).subarray(0, -5)],
    ['nothing to speak of', () => Buffer.of(1)],
    ['the question itself', query => query],
  ])('takes %s for no answer', async (_, answer) => {
    await withServer(answer, async lookup => {
      await expect(lookup(name, new StopController())).rejects.toThrow(/DNS/);
    });
  });

  it('waits for the answer after what is none', async () => {
    await withServer(
      query => [
        Buffer.alloc(0),
        dnsReply(Buffer.concat([Buffer.of(~query[0]!, 9), query.subarray(2)]), [uriRecord(1, 1, 'x:y')]),
        dnsReply(query, [uriRecord(1, 1, target)]),
      ],
      async lookup => expect(await lookup(name, new StopController())).toMatchObject([{ target }]),
    );
  });

  it('is given up when aborted', async () => {
    await using mute = await fakeKdc({ udp: silent });
    const stop = new StopController();
    const pending = createUriLookup([`127.0.0.1:${mute.port}`])(name, stop);
    setTimeout(() => stop.abort(), 20);
    await expect(pending).rejects.toThrow('no answer');
  });
});

function framed2(message: Buffer): Buffer {
  return Buffer.concat([framed(message).subarray(2, 4), message]);
}

function dnsReply(query: Buffer, records: readonly Buffer[], code = 0, flags = 0x81): Buffer {
  const reply = Buffer.from(query);
  reply[2] = flags;
  reply[3] = 0x80 | code;
  reply[7] = records.length;
  return Buffer.concat([reply, ...records]);
}

/** A record of the name asked for. */
function resource(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 12, type >> 8, type & 0xff, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([head, data]);
}

function uriRecord(priority: number, weight: number, target: string): Buffer {
  return resource(256, Buffer.concat([Buffer.from([0, priority, 0, weight]), Buffer.from(target)]));
}

function alias(): Buffer {
  return resource(5, Buffer.from([1, 0x78, 0xc0, 12]));
}
