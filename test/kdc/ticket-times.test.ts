import { describe, expect, it } from 'vitest';
import { KDC_ERR_CANNOT_POSTDATE, KDC_ERR_NEVER_VALID } from '../../src/messages/error-codes.ts';
import { ALLOW_POSTDATE, INVALID, POSTDATED, RENEWABLE, RENEWABLE_OK } from '../../src/messages/flags.ts';
import {
  addPrincipal,
  asRequest,
  createLab,
  DAY,
  fromNow,
  HOUR,
  nameOf,
  refusalOf,
  tgtOf,
} from './support.ts';

describe('the end of a ticket', () => {
  it('is the one asked for where that is allowed', () => {
    const lab = createLab();
    expect(tgtOf(lab, { till: fromNow(lab, HOUR) }).part.endtime).toEqual(fromNow(lab, HOUR));
  });

  it.each([
    ['the realm', {}, {}, 10 * HOUR],
    ['the client', { maxLife: HOUR }, { maxLife: 2 * HOUR }, HOUR],
    ['the service', { maxLife: 2 * HOUR }, { maxLife: HOUR }, HOUR],
    ['the realm, whatever the principals may have', { maxLife: DAY }, { maxLife: DAY }, 10 * HOUR],
  ])('is at most what is granted by %s', (_, client, server, life) => {
    const lab = createLab();
    addPrincipal(lab, 'alice', client);
    addPrincipal(lab, 'host/server', server);
    expect(tgtOf(lab, { sname: nameOf('host/server') }).part.endtime).toEqual(fromNow(lab, life));
  });

  it('is as late as possible where the epoch is asked for', () => {
    const lab = createLab();
    expect(tgtOf(lab, { till: new Date(0) }).part.endtime).toEqual(fromNow(lab, 10 * HOUR));
  });

  it('must not be before its start or past already', () => {
    const lab = createLab();
    for (const till of [fromNow(lab, 0), fromNow(lab, -HOUR)]) {
      expect(refusalOf(lab, asRequest(lab, { till })).errorCode).toBe(KDC_ERR_NEVER_VALID);
    }
    const from = fromNow(lab, DAY);
    const late = asRequest(lab, { kdcOptions: ALLOW_POSTDATE | POSTDATED, from, till: fromNow(lab, DAY) });
    expect(refusalOf(lab, late).errorCode).toBe(KDC_ERR_NEVER_VALID);
  });

  it('is in whole seconds', () => {
    const lab = createLab();
    const start = lab.now();
    lab.advance(0.75);
    expect(tgtOf(lab, { till: new Date(0) }).part).toMatchObject({
      authtime: start,
      endtime: new Date(start.getTime() + 10 * HOUR * 1000),
    });
  });
});

describe('a renewable ticket', () => {
  it('may be renewed as long as asked for, at most as long as allowed', () => {
    const lab = createLab();
    addPrincipal(lab, 'host/server', { maxRenewableLife: 3 * DAY });
    const kdcOptions = RENEWABLE;
    const short = tgtOf(lab, { kdcOptions, rtime: fromNow(lab, 2 * DAY) }).part;
    expect(short.renewTill).toEqual(fromNow(lab, 2 * DAY));
    expect(short.flags & RENEWABLE).toBeTruthy();
    expect(tgtOf(lab, { kdcOptions, rtime: fromNow(lab, 30 * DAY) }).part.renewTill).toEqual(
      fromNow(lab, 7 * DAY),
    );
    expect(tgtOf(lab, { kdcOptions }).part.renewTill).toEqual(fromNow(lab, 7 * DAY));
    const service = tgtOf(lab, { kdcOptions, sname: nameOf('host/server') }).part;
    expect(service.renewTill).toEqual(fromNow(lab, 3 * DAY));
  });

  it('is not given where it would be of no use, or is not allowed', () => {
    const lab = createLab();
    const useless = tgtOf(lab, { kdcOptions: RENEWABLE, rtime: fromNow(lab, HOUR) }).part;
    expect(useless.renewTill).toBeUndefined();
    expect(useless.flags & RENEWABLE).toBe(0);
    addPrincipal(lab, 'alice', { disallowRenewable: true });
    const refused = tgtOf(lab, { kdcOptions: RENEWABLE | RENEWABLE_OK, rtime: fromNow(lab, DAY) }).part;
    expect(refused.renewTill).toBeUndefined();
  });

  it('makes up for an end that is not granted, where RENEWABLE-OK allows it', () => {
    const lab = createLab();
    const kdcOptions = RENEWABLE_OK;
    expect(tgtOf(lab, { kdcOptions, till: fromNow(lab, DAY) }).part.renewTill).toEqual(fromNow(lab, DAY));
    expect(tgtOf(lab, { kdcOptions, till: fromNow(lab, 30 * DAY) }).part.renewTill).toEqual(
      fromNow(lab, 7 * DAY),
    );
    expect(tgtOf(lab, { kdcOptions, till: fromNow(lab, HOUR) }).part.renewTill).toBeUndefined();
    expect(tgtOf(lab, { till: fromNow(lab, DAY) }).part.renewTill).toBeUndefined();
  });
});

describe('the start of a ticket', () => {
  it('is now for a time past, near or not given', () => {
    const lab = createLab();
    for (const from of [undefined, fromNow(lab, -DAY), fromNow(lab, 299)]) {
      expect(tgtOf(lab, { from }).part.starttime).toEqual(lab.now());
    }
  });

  it('lies in the future, invalid until then, where a postdated ticket is asked for', () => {
    const lab = createLab();
    const from = fromNow(lab, DAY);
    const { part } = tgtOf(lab, {
      kdcOptions: ALLOW_POSTDATE | POSTDATED,
      from,
      till: fromNow(lab, 3 * DAY),
    });
    expect(part).toMatchObject({
      authtime: lab.now(),
      starttime: from,
      endtime: fromNow(lab, DAY + 10 * HOUR),
    });
    expect(part.flags & (POSTDATED | INVALID)).toBe((POSTDATED | INVALID) >>> 0);
  });

  it('cannot be in the future without that option, or where it is not allowed', () => {
    const lab = createLab();
    const from = fromNow(lab, 301);
    expect(refusalOf(lab, asRequest(lab, { from })).errorCode).toBe(KDC_ERR_CANNOT_POSTDATE);
    addPrincipal(lab, 'alice', { disallowPostdated: true });
    const asked = asRequest(lab, { kdcOptions: POSTDATED, from });
    expect(refusalOf(lab, asked).errorCode).toBe(KDC_ERR_CANNOT_POSTDATE);
  });

  it('may be as late as a time can be', () => {
    const lab = createLab();
    const from = new Date(Date.UTC(9999, 11, 31, 20));
    const { part } = tgtOf(lab, { kdcOptions: POSTDATED | RENEWABLE, from, till: new Date(0) });
    expect(part.endtime).toEqual(new Date(Date.UTC(9999, 11, 31, 23, 59, 59)));
  });
});
