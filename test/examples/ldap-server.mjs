// A directory that tells who asks, and takes SASL binds by GSSAPI and GSS-SPNEGO:
//   node ldap-server.mjs KEYTAB [PORT]
// Try it with `ldapwhoami -Y GSSAPI -H ldap://localhost:PORT`, or `ldapsearch -Y GSSAPI -H … -b '' -s base`.
import { createServer } from 'node:net';
import {
  createAcceptor,
  createMemoryReplayCache,
  createSaslServer,
  createSpnegoAcceptor,
  formatPrincipal,
  freshKeytab,
  resolveKeytab,
} from 'krb5kit';
import { BerReader, BerWriter, ProtocolOperation } from 'ldapts';

const {
  LDAP_REQ_UNBIND,
  LDAP_REQ_BIND,
  LDAP_RES_BIND,
  LDAP_REQ_SEARCH,
  LDAP_RES_SEARCH_ENTRY,
  LDAP_RES_SEARCH,
  LDAP_REQ_EXTENSION,
  LDAP_RES_EXTENSION,
} = ProtocolOperation;
const SUCCESS = 0;
const PROTOCOL_ERROR = 2;
const AUTH_METHOD_NOT_SUPPORTED = 7;
const SASL_BIND_IN_PROGRESS = 14;
const INVALID_CREDENTIALS = 49;
const INSUFFICIENT_ACCESS = 50;
const WHO_AM_I = '1.3.6.1.4.1.4203.1.11.3';
const LARGEST_MESSAGE = 1 << 20;
const PLAIN = { protection: 'none', protect: data => data, unprotect: data => data };

const [path, port = 0] = process.argv.slice(2);
const keytab = freshKeytab(resolveKeytab(`FILE:${path}`));
const replayCache = createMemoryReplayCache();
const acceptors = { GSSAPI: createAcceptor, 'GSS-SPNEGO': createSpnegoAcceptor };

const server = createServer(socket => {
  socket.on('error', () => {});
  serve(socket).catch(error => {
    console.error(error.message);
    socket.destroy();
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on port ${server.address().port}`));

async function serve(socket) {
  let bound = { layer: PLAIN };
  let binding;
  for await (const message of messagesOf(socket, () => bound.layer)) {
    const { id, operation, reader } = open(message);
    if (operation === LDAP_REQ_UNBIND) return;
    if (operation === LDAP_REQ_BIND) {
      const outcome = await bind(readBind(reader), binding);
      socket.write(bound.layer.protect(enclose(id, writer => writeBindResult(writer, outcome))));
      binding = outcome.binding;
      // The layer begins after the word of success.
      bound = outcome.bound ?? { layer: bound.layer };
    } else {
      const answers = answer(operation, reader, bound).map(write => enclose(id, write));
      socket.write(bound.layer.protect(Buffer.concat(answers)));
    }
  }
}

/** One step of a bind. */
async function bind({ mechanism, credentials }, binding) {
  if (!Object.hasOwn(acceptors, mechanism)) return { status: AUTH_METHOD_NOT_SUPPORTED };
  const current = binding?.mechanism === mechanism ? binding : begin(mechanism);
  const { context, sasl } = current;
  try {
    const challenge = await sasl.step(credentials);
    if (!sasl.complete) return { status: SASL_BIND_IN_PROGRESS, challenge, binding: current };
    const client = formatPrincipal(context.info.initiator);
    // Here, nobody may act as another.
    if (![undefined, `u:${client}`].includes(sasl.authzid)) return { status: INVALID_CREDENTIALS };
    return { status: SUCCESS, challenge, bound: { client, layer: sasl.layer } };
  } catch (error) {
    console.error(error.message);
    return { status: INVALID_CREDENTIALS };
  }
}

function begin(mechanism) {
  const context = acceptors[mechanism]({ keytab, replayCache });
  return { mechanism, context, sasl: createSaslServer(mechanism, context) };
}

function answer(operation, reader, { client, layer }) {
  if (operation === LDAP_REQ_SEARCH) {
    if (client === undefined) return [writer => writeResult(writer, LDAP_RES_SEARCH, INSUFFICIENT_ACCESS)];
    reader.readSequence();
    const attributes = { cn: client, description: layer.protection };
    return [
      writer => writeEntry(writer, reader.readString(), attributes),
      writer => writeResult(writer, LDAP_RES_SEARCH, SUCCESS),
    ];
  }
  if (operation === LDAP_REQ_EXTENSION && reader.readSequence() && reader.readString(0x80) === WHO_AM_I) {
    const name = client === undefined ? '' : `u:${client}`;
    return [writer => writeResult(writer, LDAP_RES_EXTENSION, SUCCESS, () => writer.writeString(name, 0x8b))];
  }
  return [writer => writeResult(writer, LDAP_RES_EXTENSION, PROTOCOL_ERROR)];
}

/** Messages as they become whole. */
async function* messagesOf(socket, layer) {
  let received = Buffer.alloc(0);
  for await (const bytes of socket) {
    received = Buffer.concat([received, layer().unprotect(bytes)]);
    for (let length = lengthOf(received); length <= received.length; length = lengthOf(received)) {
      yield received.subarray(0, length);
      received = received.subarray(length);
    }
  }
}

function lengthOf(bytes) {
  const reader = new BerReader(bytes);
  if (reader.readSequence(0x30) === null) return Number.POSITIVE_INFINITY;
  const length = reader.offset + reader.length;
  if (length > LARGEST_MESSAGE) throw new Error(`A message of ${length} bytes`);
  return length;
}

function open(message) {
  const reader = new BerReader(message);
  reader.readSequence();
  return { id: reader.readInt(), operation: reader.peek(), reader };
}

function readBind(reader) {
  reader.readSequence();
  reader.readInt();
  reader.readString();
  if (reader.peek() !== ProtocolOperation.LDAP_REQ_BIND_SASL) return {};
  reader.readSequence();
  const mechanism = reader.readString();
  return { mechanism, credentials: reader.remain > 0 ? reader.readString(0x04, true) : undefined };
}

function enclose(id, write) {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  write(writer);
  writer.endSequence();
  return writer.buffer;
}

function writeBindResult(writer, { status, challenge }) {
  writeResult(writer, LDAP_RES_BIND, status, () => {
    if (challenge !== undefined) writer.writeBuffer(Buffer.from(challenge), 0x87);
  });
}

function writeResult(writer, tag, status, writeMore = () => {}) {
  writer.startSequence(tag);
  writer.writeEnumeration(status);
  writer.writeString('');
  writer.writeString('');
  writeMore();
  writer.endSequence();
}

function writeEntry(writer, dn, attributes) {
  writer.startSequence(LDAP_RES_SEARCH_ENTRY);
  writer.writeString(dn);
  writer.startSequence();
  for (const [name, value] of Object.entries(attributes)) {
    writer.startSequence();
    writer.writeString(name);
    writer.startSequence(0x31);
    writer.writeString(value);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  writer.endSequence();
}
