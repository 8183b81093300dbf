import { describe, expect, it } from 'vitest';
import { findKey, keysOf } from '../../src/keytab/find.ts';
import { parsePrincipal } from '../../src/messages/principal.ts';
import { entry, WRITTEN } from './samples.ts';

const host = parsePrincipal('host/a@A.TEST');
const at = (kvno: number, seconds = 0) =>
  entry('host/a@A.TEST', kvno, { timestamp: new Date(WRITTEN.getTime() + seconds * 1000) });

describe('findKey', () => {
  it('takes the newest version unless one is asked for', () => {
    const entries = [at(2), at(4), entry('host/b@A.TEST', 9), at(3)];
    expect(findKey(entries, host)?.kvno).toBe(4);
    expect(findKey(entries, host, { kvno: 0 })?.kvno).toBe(4);
    expect(findKey(entries, host, { kvno: 3 })?.kvno).toBe(3);
    expect(findKey(entries, host, { kvno: 5 })).toBe(undefined);
  });

  it('takes the first of one version, or that of the enctype asked for', () => {
    const other = { ...at(2), key: { keytype: 17, keyvalue: new Uint8Array(16) } };
    const entries = [at(2), other];
    expect(findKey(entries, host)).toBe(entries[0]);
    expect(findKey(entries, host, { etype: 17 })).toBe(other);
    expect(findKey(entries, host, { etype: 17, kvno: 2 })).toBe(other);
    expect(findKey(entries, host, { etype: 20 })).toBe(undefined);
  });

  it('takes a small version written later for the one after 255', () => {
    expect(findKey([at(250), at(1, 10)], host)?.kvno).toBe(1);
    expect(findKey([at(1, 10), at(250)], host)?.kvno).toBe(1);
    expect(findKey([at(1), at(250)], host)?.kvno).toBe(1);
  });

  it('takes a small version written earlier for an old one', () => {
    expect(findKey([at(250, 10), at(1)], host)?.kvno).toBe(250);
    expect(findKey([at(1), at(250, 10)], host)?.kvno).toBe(250);
    expect(findKey([at(200), at(1, 10)], host)?.kvno).toBe(200);
  });

  it('finds a version above 255 by its low 8 bits where the keytab kept no more', () => {
    expect(findKey([at(44)], host, { kvno: 300 })?.kvno).toBe(44);
    expect(findKey([at(44), at(300)], host, { kvno: 300 })?.kvno).toBe(300);
    expect(findKey([at(300)], host, { kvno: 44 })).toBe(undefined);
  });

  it('compares principals by realm and components', () => {
    const typed = { ...host, nameType: 3 };
    expect(findKey([at(1)], typed)?.kvno).toBe(1);
    expect(findKey([at(1)], parsePrincipal('host/a@B.TEST'))).toBe(undefined);
  });
});

describe('keysOf', () => {
  it('keeps the order of the keytab', () => {
    expect(keysOf([at(2), entry('x@A.TEST', 1), at(1)], host).map(({ kvno }) => kvno)).toEqual([2, 1]);
  });
});
