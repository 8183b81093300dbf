import { Int32 } from '../codec/der/primitives.ts';
import { application, constant, explicit, type Fields, sequence } from '../codec/der/schema.ts';

/**
 * A Kerberos message, which begins with pvno and with msg-type, the number of its application tag (RFC 4120 §5.10);
 * these are the members [first] and [first + 1].
 */
export function message<F extends Fields>(number: number, name: string, fields: F, first = 0) {
  const members = {
    pvno: constant(explicit(first, Int32), 5),
    msgType: constant(explicit(first + 1, Int32), number),
    ...fields,
  };
  return application(number, sequence(name, members), name);
}
