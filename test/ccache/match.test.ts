import { describe, expect, it } from 'vitest';
import { configEntry } from '../../src/ccache/config-entries.ts';
import { mergeCredentials, sameTicket } from '../../src/ccache/match.ts';
import { FORWARDED, PROXY } from '../../src/messages/flags.ts';
import { parsePrincipal, tgsPrincipal } from '../../src/messages/principal.ts';
import { alice, credential, later, NOW, tgt } from './tickets.ts';

const host = credential('host/a@A.TEST');

describe('sameTicket', () => {
  it('holds for a ticket and the one that renews it', () => {
    expect(sameTicket(host, credential('host/a@A.TEST', { endtime: later(9999), flags: 0 }))).toBe(true);
  });

  it.each([
    ['server', credential('host/b@A.TEST')],
    ['client', { ...host, client: parsePrincipal('bob@A.TEST') }],
    ['key type', { ...host, key: { keytype: 17, keyvalue: new Uint8Array(16) } }],
    ['is-skey', { ...host, isSkey: true }],
    ['forwarded flag', { ...host, flags: host.flags | FORWARDED }],
    ['proxy flag', { ...host, flags: host.flags | PROXY }],
  ])('does not hold across a different %s', (_what, other) => {
    expect(sameTicket(host, other)).toBe(false);
  });
});

describe('mergeCredentials', () => {
  it('puts a ticket in the place of the earlier one, behind the others', () => {
    const newer = { ...host, endtime: later(7200) };
    const other = credential('host/b@A.TEST');
    expect(mergeCredentials([tgt, host, other], [newer], NOW)).toEqual([tgt, other, newer]);
  });

  it('keeps the last of several that are added for one ticket', () => {
    const newer = { ...host, endtime: later(7200) };
    expect(mergeCredentials([], [host, tgt, newer], NOW)).toEqual([tgt, newer]);
  });

  it('sweeps service tickets and cross-realm tickets that have expired', () => {
    const other = credential('x@A.TEST', { server: tgsPrincipal('B.TEST', 'A.TEST') });
    expect(mergeCredentials([host, other], [], later(3599))).toEqual([host, other]);
    expect(mergeCredentials([host, other], [], later(3600))).toEqual([]);
  });

  it('keeps the ticket-granting ticket that has expired, to be shown as such', () => {
    expect(mergeCredentials([tgt], [], later(9999))).toEqual([tgt]);
  });

  it('keeps that of an anonymous client, whose realm is not the ticket’s', () => {
    const anonymous = { ...tgt, client: parsePrincipal('WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS') };
    expect(mergeCredentials([anonymous], [], later(9999))).toEqual([anonymous]);
  });

  it('keeps configuration entries whatever times they carry', () => {
    const zeros = configEntry(alice, 'pa_type', tgsPrincipal('A.TEST'), '2');
    const month = { ...configEntry(alice, 'fast_avail', undefined, 'yes'), endtime: later(30) };
    expect(mergeCredentials([zeros, month], [], later(9999))).toEqual([zeros, month]);
  });

  it('keeps what is added even if it has expired', () => {
    const late = credential('host/a@A.TEST', { endtime: later(-1) });
    expect(mergeCredentials([], [late], NOW)).toEqual([late]);
  });
});
