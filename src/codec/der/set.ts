import { readElements } from './schema.ts';
import { type DerKind, DerType } from './type.ts';

/** SET OF; read in any order, written in the order of the elements' encodings (X.690 §11.6). */
export function setOf<T>(type: DerType<T>): DerType<readonly T[]> {
  return new DerType([0x31], set as DerKind<readonly T[], DerType<T>>, type);
}

const set: DerKind<readonly unknown[], DerType<unknown>> = {
  read: (input, type) => readElements(input, type, 0x31),
  write(output, values, type) {
    const mark = output.mark();
    const elements = values.map(value => type.encode(value)).sort(Buffer.compare);
    for (let i = elements.length - 1; i >= 0; i--) output.bytes(elements[i]!);
    output.header(0x31, mark);
  },
};
