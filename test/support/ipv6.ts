import { networkInterfaces } from 'node:os';

/** Whether this machine has IPv6, which many containers do not. */
export const hasIpv6 = Object.values(networkInterfaces()).some(addresses =>
  addresses?.some(({ address }) => address === '::1'),
);
