import { describe, expect, it } from 'vitest';
import { importKey } from '../../src/crypto/key.ts';
import type { SpakeGroup } from '../../src/preauth/spake/group.ts';
import { spakeGroups } from '../../src/preauth/spake/groups.ts';
import { deriveSpakeKey, deriveW, extendTranscript } from '../../src/preauth/spake/keys.ts';
import { haveShared, hex, ownVectors, sharedVectors, unhex } from '../crypto/support.ts';

interface Vector {
  readonly etype: number;
  readonly group: number;
  readonly initialKey: string;
  readonly w: string;
  readonly x: string;
  readonly y: string;
  readonly T: string;
  readonly S: string;
  readonly K: string;
  /** Absent where the KDC challenges without being asked. */
  readonly support: string | null;
  readonly challenge: string;
  readonly transcript: string;
  readonly body: string;
  /** K'[0] to K'[3]. */
  readonly keys: readonly string[];
}

interface SharedVector extends Omit<Vector, 'etype' | 'initialKey' | 'transcript' | 'keys'> {
  readonly enctype: number;
  readonly initial_key: string;
  readonly transcript_hash: string;
  readonly K0: string;
  readonly K1: string;
  readonly K2: string;
  readonly K3: string;
}

const DES3 = 16;
const shared = sharedVectors<SharedVector>('spake')
  .filter(({ enctype }) => enctype !== DES3)
  .map(vector => ({
    ...vector,
    etype: vector.enctype,
    initialKey: vector.initial_key,
    transcript: vector.transcript_hash,
    keys: [vector.K0, vector.K1, vector.K2, vector.K3],
  }));

describe('the vectors of RFC 9588', () => {
  agree(ownVectors<Vector>('spake', 'vectors'));
});

describe.skipIf(!haveShared)('the shared vectors', () => {
  agree(shared);
});

function agree(vectors: readonly Vector[]): void {
  it.each(vectors.map(vector => ({ ...vector, how: vector.support === null ? 'unasked' : 'asked for' })))(
    'agree on everything in group $group with enctype $etype, challenge $how',
    vector => {
      const group = groupOf(vector.group);
      const initialKey = importKey(vector.etype, unhex(vector.initialKey));
      const w = deriveW(initialKey, group);
      expect(hex(w)).toBe(vector.w);
      const masks = group.masks(w);
      expect(hex(group.publicKey('kdc', masks, unhex(vector.x)))).toBe(vector.T);
      expect(hex(group.publicKey('client', masks, unhex(vector.y)))).toBe(vector.S);
      expect(hex(group.sharedKey('kdc', masks, unhex(vector.x), unhex(vector.S)))).toBe(vector.K);
      expect(hex(group.sharedKey('client', masks, unhex(vector.y), unhex(vector.T)))).toBe(vector.K);

      const asked = vector.support === null ? [] : [unhex(vector.support)];
      const opened = extendTranscript(group, undefined, ...asked, unhex(vector.challenge));
      const transcript = extendTranscript(group, opened, unhex(vector.S));
      expect(hex(transcript)).toBe(vector.transcript);

      const sharedKey = unhex(vector.K);
      const outcome = { group, initialKey, w, sharedKey, transcript, reqBody: unhex(vector.body) };
      const keys = [0, 1, 2, 3].map(n => hex(deriveSpakeKey(outcome, n).bytes));
      expect(keys).toEqual(vector.keys);
    },
  );
}

function groupOf(number: number): SpakeGroup {
  return spakeGroups.find(group => group.number === number)!;
}
