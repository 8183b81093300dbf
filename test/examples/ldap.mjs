// A search in a directory with the driver `ldapts`, after a SASL bind:
//   node ldap.mjs ldap://HOST[:PORT] BASE [GSSAPI|GSS-SPNEGO] [none|integrity|confidentiality]
import { createSaslClient } from 'krb5kit';
import { BerReader, BerWriter, Client, ProtocolOperation } from 'ldapts';
import { receive, SecuredStream } from './secured-stream.mjs';
import { flagsFor, openService } from './tickets.mjs';

const [url, base, mechanism = 'GSSAPI', protection = 'confidentiality'] = process.argv.slice(2);
const SUCCESS = 0;
const SASL_BIND_IN_PROGRESS = 14;
const WHO_AM_I = '1.3.6.1.4.1.4203.1.11.3';

const client = new Client({
  url,
  createConnection: (port, host) =>
    new SecuredStream(socket => authenticate(socket, host)).connect(port, host),
});
try {
  const { value } = await client.exop(WHO_AM_I).catch(() => ({ value: 'not told' }));
  console.log('authorization:', value);
  const { searchEntries } = await client.search(base, { scope: 'base' });
  for (const entry of searchEntries) console.log(JSON.stringify(entry));
} finally {
  await client.unbind();
}

/** The bind of RFC 4513 §5.2; resolves to the layer that is over the connection from then on. */
async function authenticate(socket, host) {
  const context = await openService('ldap', host, {
    mechanism: mechanism === 'GSSAPI' ? 'krb5' : 'spnego',
    flags: flagsFor(protection),
  });
  const sasl = createSaslClient(mechanism, context, { protections: [protection] });
  let response = await sasl.step();
  for (let id = 1; ; id++) {
    socket.write(bindRequest(id, response));
    const { status, message, challenge } = bindResponse(await receiveMessage(socket));
    if (status !== SUCCESS && status !== SASL_BIND_IN_PROGRESS) {
      throw new Error(`The server refuses the bind (${status}): ${message}`);
    }
    response = await sasl.step(challenge);
    if (status === SUCCESS) return sasl.layer;
  }
}

function bindRequest(id, credentials) {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(ProtocolOperation.LDAP_REQ_BIND);
  writer.writeInt(3);
  writer.writeString('');
  writer.startSequence(ProtocolOperation.LDAP_REQ_BIND_SASL);
  writer.writeString(mechanism);
  writer.writeBuffer(Buffer.from(credentials ?? []), 0x04);
  for (let depth = 0; depth < 3; depth++) writer.endSequence();
  return writer.buffer;
}

function bindResponse(bytes) {
  const reader = new BerReader(bytes);
  reader.readSequence();
  reader.readInt();
  reader.readSequence(ProtocolOperation.LDAP_RES_BIND);
  const status = reader.readEnumeration();
  reader.readString();
  const message = reader.readString();
  const challenge = reader.peek() === 0x87 ? reader.readString(0x87, true) : undefined;
  return { status, message, challenge };
}

async function receiveMessage(socket) {
  const head = await receive(socket, 2);
  const more = head[1] < 0x80 ? Buffer.alloc(0) : await receive(socket, head[1] & 0x7f);
  const length = more.length === 0 ? head[1] : more.readUIntBE(0, more.length);
  return Buffer.concat([head, more, await receive(socket, length)]);
}
