/** What one protocol key can do; a profile makes one per key (RFC 3961 §3). */
export interface KeyOperations {
  /** Confounder, ciphertext and integrity tag in the order of the enctype. */
  encrypt(usage: number, plaintext: Uint8Array): Uint8Array;
  /** Throws `IntegrityError`. */
  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array;
  /** The mandatory checksum of the enctype. */
  checksum(usage: number, data: Uint8Array): Uint8Array;
  /** The pseudo-random function; its output length is fixed by the enctype. */
  prf(input: Uint8Array): Uint8Array;
}

/** The cryptosystem parameters of one enctype (RFC 3961 §3 and §4). */
export interface Profile {
  /** Protocol key and key-generation seed, in bytes: random-to-key is the identity in every profile here. */
  readonly keyLength: number;
  /** The mandatory checksum type. */
  readonly cksumtype: number;
  /** PBKDF2 rounds when no s2kparams are given; 0 where string-to-key takes no parameters. */
  readonly defaultIterations: number;
  /** `bytes` has `keyLength` and is not changed afterwards. */
  open(bytes: Uint8Array): KeyOperations;
  /** The key for a password; `iterations` is trusted. */
  stringToKey(password: string | Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}
