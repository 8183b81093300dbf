import { Int32, Text, UInt32 } from '../ccache/kcm/fields.ts';
import { operation } from '../ccache/kcm/protocol.ts';

/** Our own operations besides those of KCM: what `krb5kit agent` asks of a running agent. */
export const AGENT = {
  STATUS: operation(
    29001,
    'STATUS',
    {},
    {
      pid: UInt32,
      kind: Text,
      /** 1 if the keychain would have to be asked. */
      locked: UInt32,
      /** -1 if that is not known. */
      caches: Int32,
      clients: UInt32,
      requests: UInt32,
      /** Seconds since 1970. */
      started: UInt32,
    },
  ),
  STOP: operation(29002, 'STOP', {}, {}),
  LOCK: operation(29003, 'LOCK', {}, {}),
} as const;
