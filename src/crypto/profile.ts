/** What a message format puts around a plaintext and its ciphertext, so that neither is copied once more. */
export interface Frame {
  /** How many bytes are left free before the ciphertext; their content is undefined. */
  readonly headroom: number;
  /** What is encrypted behind the plaintext. */
  readonly trailer: Uint8Array;
}

/** The frame of a bare ciphertext. */
export const NO_FRAME: Frame = { headroom: 0, trailer: new Uint8Array(0) };

/** What one protocol key can do; a profile makes one per key (RFC 3961 §3). */
export interface KeyOperations {
  /**
   * Derives what encryption and checksums for some usages take, where that costs less for all of them than for one after
   * the other.
   */
  prepare?(sealing: readonly number[], signing?: readonly number[]): void;
  /** The keys that are derived from some constants, all of one length, for `adopt`. */
  derived?(constants: readonly Uint8Array[]): readonly Uint8Array[];
  /** Takes what `derived` made of the same constants by the same key, which then need not be derived again. */
  adopt?(constants: readonly Uint8Array[], keys: readonly Uint8Array[]): void;
  /** Confounder, ciphertext and integrity tag in the order of the enctype, behind the headroom of `frame`. */
  encrypt(usage: number, plaintext: Uint8Array, frame?: Frame): Uint8Array;
  /** Throws `IntegrityError`. */
  decrypt(usage: number, ciphertext: Uint8Array): Uint8Array;
  /** The mandatory checksum of the enctype over the parts of `data`, one behind the other. */
  checksum(usage: number, ...data: readonly Uint8Array[]): Uint8Array;
  /** The pseudo-random function; its output length is fixed by the enctype. */
  prf(input: Uint8Array): Uint8Array;
}

/** The cryptosystem parameters of one enctype (RFC 3961 §3 and §4). */
export interface Profile {
  /** Protocol key and key-generation seed, in bytes: random-to-key is the identity in every profile here. */
  readonly keyLength: number;
  /** The mandatory checksum type. */
  readonly cksumtype: number;
  /** How long the mandatory checksum is, and the integrity tag of a ciphertext, in bytes. */
  readonly tagLength: number;
  /** PBKDF2 rounds when no s2kparams are given; 0 where string-to-key takes no parameters. */
  readonly defaultIterations: number;
  /** `bytes` has `keyLength` and is not changed afterwards. */
  open(bytes: Uint8Array): KeyOperations;
  /** The key for a password; `iterations` is trusted. */
  stringToKey(password: string | Uint8Array, salt: Uint8Array, iterations: number): Uint8Array;
}
