import type { Key } from '../../crypto/key.ts';
import {
  PAC_ATTRIBUTES_INFO,
  PAC_FULL_CHECKSUM,
  PAC_PRIVSVR_CHECKSUM,
  PAC_REQUESTOR,
  PAC_SERVER_CHECKSUM,
  PAC_TICKET_CHECKSUM,
} from '../../messages/pac.ts';
import { blankSignature, joinPac, type PacPart } from '../../messages/pac-writer.ts';

/** The layout of a PAC with buffers of certain sizes; `ticket` and `full` only if `ofService`. */
interface PacLayout {
  /** The PAC with empty buffers, except for the types of its signatures. */
  readonly blank: Uint8Array;
  /** The offsets of the buffers that are not signatures. */
  readonly parts: readonly number[];
  readonly server: number;
  readonly kdc: number;
  readonly ticket: number;
  readonly full: number;
}

export const PAC_SIGNATURES: readonly number[] = [
  PAC_SERVER_CHECKSUM,
  PAC_PRIVSVR_CHECKSUM,
  PAC_TICKET_CHECKSUM,
  PAC_FULL_CHECKSUM,
];
/** Buffers for the ticket-granting service only (MS-PAC 2.14 and 2.15). */
const TGS_ONLY: readonly number[] = [PAC_ATTRIBUTES_INFO, PAC_REQUESTOR];
const CHECKSUM_TYPE_BYTES = 4;

/** The contents of a PAC without the signatures that tie it to a ticket; shared by all tickets of a client. */
export class PacContents {
  readonly parts: readonly PacPart[];
  /** The layout that was used last, and what it is for. */
  private known: { readonly label: number; readonly layout: PacLayout } | undefined;
  private service: PacContents | undefined;

  constructor(parts: readonly PacPart[]) {
    this.parts = parts;
  }

  /** The contents for services other than the ticket-granting service. */
  forService(): PacContents {
    this.service ??= this.parts.some(({ type }) => TGS_ONLY.includes(type))
      ? new PacContents(this.parts.filter(({ type }) => !TGS_ONLY.includes(type)))
      : this;
    return this.service;
  }

  /** The data of a buffer, if there is one of the type. */
  find(type: number): Uint8Array | undefined {
    return this.parts.find(part => part.type === type)?.data;
  }

  /** The same contents with buffers replaced or added. */
  with(...parts: readonly PacPart[]): PacContents {
    const kept = this.parts.filter(({ type }) => !parts.some(part => part.type === type));
    return new PacContents([...kept, ...parts]);
  }

  /** Writes a PAC whose signatures are still to be made, with the layout for its sizes. */
  write(target: Uint8Array, { blank, parts }: PacLayout): void {
    target.set(blank);
    for (let i = 0; i < parts.length; i++) target.set(this.parts[i]!.data, parts[i]);
  }

  /** With `ofService`, the ticket itself is signed as well (MS-PAC 2.8.2 and 2.8.3). */
  layout(server: Key, kdc: Key, ofService: boolean): PacLayout {
    const label = (server.etype << 9) | (kdc.etype << 1) | (ofService ? 1 : 0);
    if (this.known?.label !== label) {
      this.known = { label, layout: layOut(this.parts, { server, kdc, ofService }) };
    }
    return this.known.layout;
  }
}

interface Shape {
  readonly server: Key;
  readonly kdc: Key;
  readonly ofService: boolean;
}

/** Layouts by the sizes of buffers: most PACs contain only a short name. */
const plans = new Map<string, PacLayout>();
const MAX_PLANS = 256;

function layOut(parts: readonly PacPart[], shape: Shape): PacLayout {
  const { server, kdc, ofService } = shape;
  let label = `${server.profile.cksumtype} ${kdc.profile.cksumtype} ${ofService}`;
  for (const { type, data } of parts) label += ` ${type}:${data.length}`;
  const known = plans.get(label);
  if (known !== undefined) return known;
  if (plans.size >= MAX_PLANS) plans.clear();
  const plan = makePlan(parts, shape);
  plans.set(label, plan);
  return plan;
}

/** The layout for buffers of these sizes, which are left empty. */
function makePlan(parts: readonly PacPart[], { server, kdc, ofService }: Shape): PacLayout {
  const blank = (type: number, { profile }: Key): PacPart => ({
    type,
    data: blankSignature(profile.cksumtype, profile.tagLength),
  });
  const ofTicket = ofService ? [blank(PAC_TICKET_CHECKSUM, kdc), blank(PAC_FULL_CHECKSUM, kdc)] : [];
  const { bytes, buffers } = joinPac([
    ...parts.map(({ type, data }) => ({ type, data: new Uint8Array(data.length) })),
    ...ofTicket,
    blank(PAC_SERVER_CHECKSUM, server),
    blank(PAC_PRIVSVR_CHECKSUM, kdc),
  ]);
  const offset = (type: number): number =>
    (buffers.find(buffer => buffer.type === type)?.offset ?? 0) + CHECKSUM_TYPE_BYTES;
  return {
    blank: bytes,
    parts: buffers.slice(0, parts.length).map(buffer => buffer.offset),
    server: offset(PAC_SERVER_CHECKSUM),
    kdc: offset(PAC_PRIVSVR_CHECKSUM),
    ticket: offset(PAC_TICKET_CHECKSUM),
    full: offset(PAC_FULL_CHECKSUM),
  };
}
