import { CodecError } from '../../errors.ts';
import { decodePac, type PacBuffer, splitPac } from '../../messages/pac.ts';
import { numberWithName } from './names.ts';
import { branch, hexText, type Node } from './node.ts';

/** The types of buffers that are signatures (MS-PAC 2.8). */
const SIGNATURES: readonly number[] = [6, 7, 16, 19];

/** What a PAC says, as far as it can be read, by `show`; nothing of it is verified here. */
export function pacNodes(bytes: Uint8Array, show: (name: string, value: unknown) => Node): readonly Node[] {
  try {
    const { buffers, ...said } = decodePac(bytes);
    const members = Object.entries(said).filter(([, member]) => member !== undefined);
    return [buffersNode(buffers), ...members.map(([name, member]) => show(name, member))];
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return [...buffersOf(bytes), { name: 'damaged', value: error.message }];
  }
}

/** Those of a PAC of which some cannot be read. */
function buffersOf(bytes: Uint8Array): readonly Node[] {
  try {
    return [buffersNode(splitPac(bytes))];
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return [{ name: 'PAC', value: hexText(bytes) }];
  }
}

function buffersNode(buffers: readonly PacBuffer[]): Node {
  return branch(
    'buffers',
    buffers.map(({ type, data }) => ({
      name: numberWithName('buffer', type),
      value: bufferText(type, data),
    })),
  );
}

function bufferText(type: number, data: Uint8Array): string {
  if (!SIGNATURES.includes(type) || data.length < 4) return `${data.length} bytes`;
  const cksumtype = new DataView(data.buffer, data.byteOffset).getInt32(0, true);
  return `${numberWithName('cksumtype', cksumtype)} ${hexText(data.subarray(4))}`;
}
