/** Two directions of one format. `decode` takes all of `bytes` or throws `CodecError`. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** The value type of a codec: `type Ticket = ValueOf<typeof Ticket>`. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;
