import { describe, expect, it } from 'vitest';
import { KDC_ERR_C_PRINCIPAL_UNKNOWN } from '../../src/messages/error-codes.ts';
import { FORWARDABLE, FORWARDED, RENEW, RENEWABLE } from '../../src/messages/flags.ts';
import { hostAddress } from '../../src/messages/host-address.ts';
import {
  asRequest,
  createLab,
  DAY,
  fromNow,
  grantedByTgs,
  nameOf,
  principal,
  REALM,
  refusalOf,
  tgsRequest,
  tgtOf,
} from '../kdc/support.ts';
import { cpuTime } from '../support/cpu-time.ts';

const ownTgs = nameOf(`krbtgt/${REALM}`);

describe('tickets of the past', () => {
  it('are worth nothing once their client has been removed', () => {
    const lab = createLab();
    const tgt = tgtOf(lab, { kdcOptions: RENEWABLE, rtime: fromNow(lab, 7 * DAY) });
    lab.database.remove(principal('alice'));
    expect(refusalOf(lab, tgsRequest(lab, tgt)).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    const renewal = tgsRequest(lab, tgt, { kdcOptions: RENEW, sname: ownTgs });
    expect(refusalOf(lab, renewal).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
  });

  it('keep their addresses when they are renewed, whatever else is asked for', () => {
    const lab = createLab();
    const addresses = [hostAddress('192.0.2.1')!];
    const kdcOptions = (RENEWABLE | FORWARDABLE) >>> 0;
    const tgt = tgtOf(lab, { kdcOptions, rtime: fromNow(lab, 7 * DAY), addresses });
    const renewed = grantedByTgs(lab, tgt, { kdcOptions: (RENEW | FORWARDED) >>> 0, sname: ownTgs });
    expect(renewed.ticket.flags & FORWARDED).toBe(0);
    expect(renewed.ticket.caddr).toEqual(addresses);
  });
});

describe('a request full of bytes that are no UTF-8', () => {
  it('does not keep the KDC busy', async () => {
    const lab = createLab();
    const request = asRequest(lab, { realm: '\udcff'.repeat(1_000_000) }, []);
    expect(await cpuTime(() => lab.kdc.handle(request))).toBeLessThan(1200);
  });
});
