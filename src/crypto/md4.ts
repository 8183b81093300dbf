/** MD4 (RFC 1320), which OpenSSL 3 disables by default and RC4's string-to-key needs. */
export function md4(input: Uint8Array): Uint8Array {
  const padded = Buffer.alloc((input.length + 72) & -64);
  padded.set(input);
  padded[input.length] = 0x80;
  padded.writeUInt32LE((input.length << 3) >>> 0, padded.length - 8);
  padded.writeUInt32LE(input.length >>> 29, padded.length - 4);
  const state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let at = 0; at < padded.length; at += 64) compress(state, padded.subarray(at, at + 64));
  const digest = Buffer.alloc(16);
  for (const [i, word] of state.entries()) digest.writeInt32LE(word | 0, i * 4);
  return digest;
}

type State = [number, number, number, number];

function compress(state: State, block: Buffer): void {
  let [a, b, c, d] = state;
  for (const { mix, constant, order, shifts } of rounds()) {
    for (const [step, word] of order.entries()) {
      const sum = (a + mix(b, c, d) + block.readUInt32LE(word * 4) + constant) | 0;
      const shift = shifts[step & 3]!;
      [a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c];
    }
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}

interface Round {
  readonly mix: (x: number, y: number, z: number) => number;
  readonly constant: number;
  readonly order: readonly number[];
  readonly shifts: readonly number[];
}

function rounds(): readonly Round[] {
  return [
    {
      mix: (x, y, z) => (x & y) | (~x & z),
      constant: 0,
      order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
      shifts: [3, 7, 11, 19],
    },
    {
      mix: (x, y, z) => (x & y) | (x & z) | (y & z),
      constant: 0x5a827999,
      order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
      shifts: [3, 5, 9, 13],
    },
    {
      mix: (x, y, z) => x ^ y ^ z,
      constant: 0x6ed9eba1,
      order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
      shifts: [3, 9, 11, 15],
    },
  ];
}
