import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { hostAddresses } from '../../src/cli/host-addresses.ts';
import { hostAddress } from '../../src/messages/host-address.ts';

describe('the addresses of a ticket', () => {
  it('are those of this host, but neither the loopback nor what is of one link alone', async () => {
    const own = Object.values(networkInterfaces())
      .flatMap(list => list ?? [])
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
    const found = await hostAddresses([]);
    expect(found).toEqual(own.map(({ address }) => hostAddress(address)));
    expect(found).not.toContainEqual(hostAddress('127.0.0.1'));
  });

  it('begin with the extra ones, by number or by name, as often as they are there', async () => {
    const own = await hostAddresses([]);
    const extra = ['10.1.2.3', '2001:db8::1', 'no..host', '10.1.2.3'];
    const numbers = ['10.1.2.3', '2001:db8::1', '10.1.2.3'];
    expect(await hostAddresses(extra)).toEqual([...numbers.map(hostAddress), ...own]);
    expect(await hostAddresses(['localhost'])).toContainEqual(hostAddress('127.0.0.1'));
  });
});
