import forge from 'node-forge';
import { AsReq, KdcReqBody } from '../../src/messages/kdc-req.ts';
import { EncTicketPart, Ticket } from '../../src/messages/ticket.ts';
import { type Row, rate } from './measure.ts';

const name = { nameType: 1, nameString: ['alice'] };
const krbtgt = { nameType: 2, nameString: ['krbtgt', 'EXAMPLE.COM'] };
const time = new Date('2026-01-01T00:00:00Z');

const body = {
  kdcOptions: 0x40000010,
  cname: name,
  realm: 'EXAMPLE.COM',
  sname: krbtgt,
  till: time,
  nonce: 123_456_789,
  etype: [18, 17, 20, 19, 25, 26],
};
const ticket = {
  realm: 'EXAMPLE.COM',
  sname: krbtgt,
  encPart: { etype: 18, kvno: 1, cipher: new Uint8Array(300) },
};
const ticketPart = {
  flags: 0x40e10000,
  key: { keytype: 18, keyvalue: new Uint8Array(32) },
  crealm: 'EXAMPLE.COM',
  cname: name,
  transited: { trType: 1, contents: new Uint8Array(0) },
  authtime: time,
  starttime: time,
  endtime: time,
};

export default {
  title:
    'DER codec, messages per second on one thread, beside the untyped tree node-forge makes of the same bytes',
  run: async (): Promise<Row[]> => [
    row('KDC-REQ-BODY', KdcReqBody, body),
    row('AS-REQ', AsReq, { padata: [], reqBody: KdcReqBody.encode(body) }),
    row('Ticket', Ticket, ticket),
    row('EncTicketPart', EncTicketPart, ticketPart),
  ],
};

function row<T>(
  message: string,
  type: { encode(value: T): Uint8Array; decode(bytes: Uint8Array): T },
  value: T,
): Row {
  const bytes = type.encode(value);
  const binary = Buffer.from(bytes).toString('binary');
  const tree = forge.asn1.fromDer(binary);
  const decode = rate(() => type.decode(bytes));
  const encode = rate(() => type.encode(value));
  return {
    message,
    bytes: bytes.length,
    decode,
    encode,
    'decode, times forge': decode / rate(() => forge.asn1.fromDer(binary)),
    'encode, times forge': encode / rate(() => forge.asn1.toDer(tree).getBytes()),
  };
}
