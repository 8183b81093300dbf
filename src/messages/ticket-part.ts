import { DerReader } from '../codec/der/reader.ts';
import { DerWriter } from '../codec/der/writer.ts';
import { AD_WIN2K_PAC } from './authorization.ts';
import { EncTicketFields, EncTicketPart, Ticket } from './ticket.ts';
import { AuthorizationData, AuthorizationDataElement } from './types.ts';

// Signatures in a ticket's authorization data cover the ticket with other authorization data than the final one: so the
// other fields are encoded once and combined with each version of the data. Nothing is copied before it is sealed.

const APPLICATION_TAG = EncTicketPart.tags[0]!;
const SEQUENCE_TAG = 0x30;
const OCTETS_TAG = 0x04;
/** `[1]`, the data of an element. */
const ELEMENT_DATA_TAG = 0xa1;
/** `[10]`, the last field of an EncTicketPart. */
const DATA_TAG = 0xaa;
/** `[0]`, AD-IF-RELEVANT as the type of an element. */
const IF_RELEVANT = Uint8Array.of(0xa0, 3, 2, 1, 1);

let fieldsOutput: DerWriter | undefined;
let partOutput: DerWriter | undefined;
let ticketOutput: DerWriter | undefined;

/** The DER of an EncTicketPart's fields except its authorization data; valid until the next call. */
export function encodeTicketFields(part: EncTicketPart): Uint8Array {
  fieldsOutput ??= new DerWriter();
  fieldsOutput.reset();
  EncTicketFields.write(fieldsOutput, part);
  const input = new DerReader(fieldsOutput.view());
  input.enter(SEQUENCE_TAG);
  return input.bytes.subarray(input.offset);
}

/** The contents of a ticket's authorization data; at least one element. */
interface TicketData {
  /** The first element, if given: a PAC in an AD-IF-RELEVANT of its own. */
  readonly pac?: Uint8Array | undefined;
  readonly others: AuthorizationData;
}

/** The DER of an EncTicketPart with the given fields; valid until the next call. */
export function encodeTicketPart(fields: Uint8Array, { pac, others }: TicketData): Uint8Array {
  partOutput ??= new DerWriter();
  const output = partOutput;
  output.reset();
  const mark = output.mark();
  for (let i = others.length - 1; i >= 0; i--) AuthorizationDataElement.write(output, others[i]!);
  if (pac !== undefined) putPac(output, pac);
  output.header(SEQUENCE_TAG, mark);
  output.header(DATA_TAG, mark);
  output.bytes(fields);
  output.header(SEQUENCE_TAG, mark);
  output.header(APPLICATION_TAG, mark);
  return output.view();
}

/** The DER of a ticket, to be put into a message at once; valid until the next call. */
export function encodeTicket(ticket: Ticket): Uint8Array {
  ticketOutput ??= new DerWriter();
  ticketOutput.reset();
  Ticket.write(ticketOutput, ticket);
  return ticketOutput.view();
}

function putPac(output: DerWriter, pac: Uint8Array): void {
  const mark = output.mark();
  AuthorizationData.write(output, [{ adType: AD_WIN2K_PAC, adData: pac }]);
  output.header(OCTETS_TAG, mark);
  output.header(ELEMENT_DATA_TAG, mark);
  output.bytes(IF_RELEVANT);
  output.header(SEQUENCE_TAG, mark);
}
