import { describe, expect, it } from 'vitest';
import { asRequest, createLab, nameOf, REALM, START, tgsRequest, tgtOf } from './support.ts';

const peer = { address: '192.0.2.7', port: 4000, transport: 'udp' } as const;

describe('the log', () => {
  it('has a line for each request, as krb5kdc writes it', () => {
    const lab = createLab();
    const tgt = tgtOf(lab);
    lab.log.length = 0;
    lab.kdc.handle(asRequest(lab, {}, []), peer);
    lab.kdc.handle(asRequest(lab), peer);
    lab.kdc.handle(tgsRequest(lab, tgt));
    const etypes = '(2 etypes {aes256-cts-hmac-sha1-96(18), aes128-cts-hmac-sha1-96(17)})';
    const issued =
      '{rep=aes256-cts-hmac-sha1-96(18), tkt=aes256-cts-hmac-sha1-96(18), ses=aes256-cts-hmac-sha1-96(18)}';
    const parties = `alice@${REALM} for krbtgt/${REALM}@${REALM}`;
    const authtime = START / 1000;
    expect(lab.log).toEqual([
      `AS_REQ ${etypes} 192.0.2.7: NEEDED_PREAUTH: ${parties}, KDC_ERR_PREAUTH_REQUIRED`,
      `AS_REQ ${etypes} 192.0.2.7: ISSUE: authtime ${authtime}, etypes ${issued}, ${parties}`,
      `TGS_REQ ${etypes} in-process: ISSUE: authtime ${authtime}, etypes ${issued}, alice@${REALM} for host/server@${REALM}`,
    ]);
  });

  it('has a line for what makes no sense', () => {
    const lab = createLab();
    lab.kdc.handle(Uint8Array.of(0x6a, 0), peer);
    expect(lab.log).toEqual([
      'AS_REQ 192.0.2.7: MALFORMED_REQUEST: <unknown> for <unknown>, KRB_ERR_GENERIC',
    ]);
  });

  it('stays one short line whatever the names are', () => {
    const lab = createLab();
    const nameString = ['a\r\nAS_REQ forged\u001b[2J\u2028', 'x'.repeat(5000)];
    lab.kdc.handle(asRequest(lab, { cname: { nameType: 1, nameString }, sname: nameOf('host/\udc80') }, []));
    expect(lab.log).toHaveLength(1);
    expect(lab.log[0]).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(lab.log[0]!.length).toBeLessThan(600);
  });
});
