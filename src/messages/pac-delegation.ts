import { type NdrReader, readSerialized } from '../codec/ndr.ts';
import { writeSerialized } from '../codec/ndr-writer.ts';
import { CodecError } from '../errors.ts';
import { readText } from './pac-logon.ts';
import { writeText } from './pac-logon-writer.ts';

/** S4U_DELEGATION_INFO (MS-PAC 2.9): the services that a ticket has passed through by constrained delegation. */
export interface PacDelegationInfo {
  readonly proxyTarget: string;
  readonly transitedServices: readonly string[];
}

/** Decodes the buffer of type 11. Throws CodecError. */
export function decodeDelegationInfo(bytes: Uint8Array): PacDelegationInfo {
  const info = readSerialized(bytes, readDelegationInfo);
  if (info === null) throw new CodecError('no delegation information');
  return info();
}

function readDelegationInfo(reader: NdrReader): () => PacDelegationInfo {
  const proxyTarget = readText(reader, 'proxyTarget');
  const transited: { value: string }[] = [];
  const count = reader.u32('transitedListSize');
  reader.pointer('transitedServices', () => {
    transited.push(...reader.array(count, 'transitedServices', () => readText(reader, 'transitedServices')));
  });
  return () => ({
    proxyTarget: proxyTarget.value,
    transitedServices: transited.map(({ value }) => value),
  });
}

/** The inverse of `decodeDelegationInfo`. */
export function encodeDelegationInfo({ proxyTarget, transitedServices }: PacDelegationInfo): Uint8Array {
  return writeSerialized(writer => {
    writeText(writer, proxyTarget);
    writer.u32(transitedServices.length);
    writer.pointer(() => writer.array(transitedServices, service => writeText(writer, service)));
  });
}
