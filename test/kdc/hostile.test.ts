import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKdc } from '../../src/kdc/kdc.ts';
import { DEFAULT_REALM_POLICY } from '../../src/kdc/policy.ts';
import {
  KDC_ERR_BAD_PVNO,
  KDC_ERR_C_PRINCIPAL_UNKNOWN,
  KDC_ERR_S_PRINCIPAL_UNKNOWN,
  KRB_AP_ERR_MSG_TYPE,
  KRB_ERR_GENERIC,
} from '../../src/messages/error-codes.ts';
import { CANONICALIZE, CNAME_IN_ADDL_TKT, RENEWABLE } from '../../src/messages/flags.ts';
import { AsRep, TgsRep } from '../../src/messages/kdc-rep.ts';
import { KrbError } from '../../src/messages/krb-error.ts';
import { NT_ENTERPRISE, PA_TGS_REQ } from '../../src/messages/numbers.ts';
import { EtypeInfo2 } from '../../src/messages/preauth-data.ts';
import { PA_FOR_USER, PA_PAC_OPTIONS, PA_S4U_X509_USER } from '../../src/messages/s4u.ts';
import { MethodData, type PaData } from '../../src/messages/types.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { asRequest, createLab, nameOf, REALM, refusalOf, tgsRequest, tgtOf, timestamp } from './support.ts';

const lab = createLab({ domainRealms: { '.b.test': 'B.TEST' }, capaths: { [REALM]: {} } });
const tgt = tgtOf(lab, { kdcOptions: RENEWABLE });

/** A reply is a message of one of three kinds, whole. */
function expectReply(reply: Uint8Array | undefined): void {
  if (reply === undefined) return;
  const type = [AsRep, TgsRep, KrbError].find(({ tags }) => tags[0] === reply[0]);
  expect(() => type!.decode(reply)).not.toThrow();
}

/** Bytes with some changed, taken out or put in. */
function mutated(
  original: Uint8Array,
  edits: readonly { at: number; drop: number; put: Uint8Array }[],
): Uint8Array {
  let bytes = Buffer.from(original);
  for (const { at, drop, put } of edits) {
    const where = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, where), put, bytes.subarray(where + drop)]);
  }
  return bytes;
}

const edits = fc.array(fc.record({ at: fc.nat(), drop: fc.nat(3), put: fc.uint8Array({ maxLength: 3 }) }), {
  minLength: 1,
  maxLength: 3,
});

describe('handle', () => {
  it('answers mutated requests, or drops them, and never throws', () => {
    const valid = [asRequest(lab), asRequest(lab, {}, []), tgsRequest(lab, tgt)];
    fc.assert(
      fc.property(fc.constantFrom(...valid), edits, (request, changes) => {
        expectReply(lab.kdc.handle(mutated(request, changes), { address: '127.0.0.1', transport: 'udp' }));
      }),
      { numRuns: 3000 },
    );
  });

  it('answers junk in place of sealed and nested parts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.uint8Array({ maxLength: 64 }),
        (padataType, padataValue) => {
          const junk: PaData = { padataType, padataValue };
          expectReply(lab.kdc.handle(asRequest(lab, {}, [junk])));
          expectReply(lab.kdc.handle(tgsRequest(lab, tgt, {}, { padata: [junk] })));
          expectReply(
            lab.kdc.handle(tgsRequest(lab, tgt, {}, { padata: [{ ...junk, padataType: PA_TGS_REQ }] })),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('answers junk from those who ask in the name of others', () => {
    const junk = fc.uint8Array({ maxLength: 64 });
    const types = fc.constantFrom(PA_FOR_USER, PA_S4U_X509_USER, PA_PAC_OPTIONS);
    const options = fc.constantFrom(0, CNAME_IN_ADDL_TKT, CANONICALIZE);
    fc.assert(
      fc.property(types, junk, junk, options, (padataType, padataValue, evidence, kdcOptions) => {
        const asked = { sname: nameOf('alice'), kdcOptions, additionalTickets: [evidence] };
        const request = tgsRequest(lab, tgt, asked, { more: [{ padataType, padataValue }] });
        const reply = lab.kdc.handle(request)!;
        expectReply(reply);
        if (reply[0] === KrbError.tags[0]) {
          expect(KrbError.decode(reply).eText).not.toBe('INTERNAL_ERROR');
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a'.repeat(5000), '.'.repeat(5000), 'a.'.repeat(2000)],
    ['\\', '@', '@@', '__proto__', 'constructor', '.__proto__'],
  ])('answers names of every kind', (...names) => {
    for (const name of names) {
      for (const sname of [nameOf(`krbtgt/${name}`), { nameType: 3, nameString: ['host', `x.${name}`] }]) {
        const request = tgsRequest(lab, tgt, { sname, kdcOptions: CANONICALIZE });
        expect(refusalOf(lab, request).errorCode).toBe(KDC_ERR_S_PRINCIPAL_UNKNOWN);
      }
      const cname = { nameType: NT_ENTERPRISE, nameString: [`x@${name}`] };
      expect(refusalOf(lab, asRequest(lab, { cname }, [])).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    }
  });

  it('drops what does not begin as a request', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        fc.pre(bytes[0] !== 0x6a && bytes[0] !== 0x6c);
        expect(lab.kdc.handle(bytes)).toBeUndefined();
      }),
    );
  });

  it('names the field that makes a request none of this protocol', () => {
    const request = asRequest(lab, {}, []);
    const versionAt = request.indexOf(5);
    const version = Uint8Array.from(request);
    version[versionAt] = 4;
    expect(refusalOf(lab, version).errorCode).toBe(KDC_ERR_BAD_PVNO);
    const type = Uint8Array.from(request);
    type[versionAt + 5] = 12;
    expect(refusalOf(lab, type).errorCode).toBe(KRB_AP_ERR_MSG_TYPE);
    expect(refusalOf(lab, request.subarray(0, 20))).toMatchObject({
      errorCode: KRB_ERR_GENERIC,
      realm: REALM,
      sname: nameOf(`krbtgt/${REALM}`),
    });
  });

  it('answers with a KRB-ERROR where the database fails', () => {
    const database = {
      realm: () => DEFAULT_REALM_POLICY,
      find: (): never => {
        throw new Error('the disk is gone');
      },
    };
    const log: string[] = [];
    const kdc = createKdc({ database, realm: REALM, log: line => log.push(line) });
    expect(KrbError.decode(kdc.handle(asRequest(lab))!)).toMatchObject({
      errorCode: KRB_ERR_GENERIC,
      eText: 'INTERNAL_ERROR',
    });
    expect(log[0]).toMatch(/INTERNAL_ERROR: .*, KRB_ERR_GENERIC \(the disk is gone\)$/);
  });
});

describe('the work for one request', () => {
  it('is bounded for thousands of enctypes', () => {
    const etype = new Array<number>(10_000).fill(0).flatMap((_, i) => [18, i - 5000]);
    const error = refusalOf(lab, asRequest(lab, { etype }, []));
    const [info2] = MethodData.decode(error.eData!);
    expect(EtypeInfo2.decode(info2!.padataValue)).toHaveLength(2);
    expect(lab.log.at(-1)!.length).toBeLessThan(2000);
  });

  it('is bounded for thousands of timestamps, of which the first counts', () => {
    const [good, bad] = [timestamp(lab), { padataType: 2, padataValue: Uint8Array.of(0) }];
    expect(lab.kdc.handle(asRequest(lab, {}, [good, ...new Array<PaData>(5000).fill(bad)]))?.[0]).toBe(0x6b);
    expect(refusalOf(lab, asRequest(lab, {}, [bad, ...new Array<PaData>(5000).fill(good)])).eText).toBe(
      'PREAUTH_FAILED',
    );
  });

  it('is bounded for a mebibyte', async () => {
    const long = asRequest(
      lab,
      { cname: { nameType: 1, nameString: ['x'.repeat(1 << 19), 'y'.repeat(1 << 18)] } },
      [],
    );
    expect(refusalOf(lab, long).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    const many = asRequest(
      lab,
      { cname: { nameType: 1, nameString: new Array<string>(100_000).fill('a') } },
      [],
    );
    expect(refusalOf(lab, many).errorCode).toBe(KDC_ERR_C_PRINCIPAL_UNKNOWN);
    const nested = new Uint8Array(1 << 20).fill(0x30);
    nested[0] = 0x6a;
    const took = await cpuTime(() => {
      expectReply(lab.kdc.handle(nested));
      expectReply(lab.kdc.handle(new Uint8Array((1 << 20) + 1).fill(0x6a)));
    });
    expect(took).toBeLessThan(1000);
  });
});
