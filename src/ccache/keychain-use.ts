/** Whether the keychain can hold the default cache. */
export type KeychainUse =
  | {
      readonly usable: true;
      /** Whether somebody has to unlock it first. */
      readonly locked: boolean;
    }
  | {
      readonly usable: false;
      /** There is none, as on a server, which is not an error. */
      readonly absent: boolean;
      /** In lower case, to continue a sentence. */
      readonly reason: string;
    };
