// A command on another host with the driver `ssh2`, by gssapi-with-mic (RFC 4462 §3):
//   node ssh.mjs USER@HOST PORT FINGERPRINT COMMAND [delegate]
// where FINGERPRINT is that of `ssh-keygen -lf hostkey.pub`, such as SHA256:h2Q…
import { createHash } from 'node:crypto';
import ssh2 from 'ssh2';
import { openService } from './tickets.mjs';

const [target, port, fingerprint, command, delegate] = process.argv.slice(2);
const [username, host] = target.split('@');
const METHOD = 'gssapi-with-mic';
const SERVICE = 'ssh-connection';
const KERBEROS = Buffer.from('06092a864886f712010202', 'hex');
const USERAUTH_REQUEST = 50;
const GSSAPI_RESPONSE = 60;
const GSSAPI_TOKEN = 61;
const GSSAPI_ERROR = 64;
const GSSAPI_MIC = 66;

const context = await openService('host', host, { delegation: delegate ? 'always' : 'none' });
const client = new ssh2.Client();
client.on('error', error => {
  console.error(error.message);
  process.exitCode = 1;
});
client.on('ready', () => {
  client.exec(command, (error, channel) => {
    if (error) throw error;
    channel.pipe(process.stdout);
    channel.stderr.pipe(process.stderr);
    channel.on('exit', status => {
      process.exitCode = status;
    });
    channel.on('close', () => client.end());
  });
});
let tried = false;
client.connect({
  host,
  port: Number(port),
  username,
  hostVerifier: key =>
    `SHA256:${createHash('sha256').update(key).digest('base64')}`.replace(/=+$/, '') === fingerprint,
  authHandler() {
    if (tried) return false;
    tried = true;
    return { type: 'none', username };
  },
});
useGssapi(client._protocol);

/** ssh2 has no interface for methods of others: its `none` becomes ours, and the messages of ours are taken from it. */
function useGssapi(protocol) {
  const { _onPayload: pass } = protocol;
  protocol.authNone = () => {
    protocol._authsQueue.push('none');
    send(protocol, USERAUTH_REQUEST, text(username), text(SERVICE), text(METHOD), uint32(1), text(KERBEROS));
  };
  protocol._onPayload = payload => {
    const type = payload[0];
    if (protocol._authenticated || type < GSSAPI_RESPONSE || type > GSSAPI_MIC) return pass(payload);
    answer(protocol, type, Buffer.from(payload.subarray(1))).catch(error => {
      client.emit('error', error);
      client.end();
    });
  };
}

async function answer(protocol, type, content) {
  if (type === GSSAPI_RESPONSE && !readText(content).equals(KERBEROS)) throw new Error('another mechanism');
  if (type === GSSAPI_ERROR) throw new Error(`The server says: ${readText(content.subarray(8))}`);
  const token = await context.step(type === GSSAPI_RESPONSE ? undefined : readText(content));
  if (token !== undefined) send(protocol, GSSAPI_TOKEN, text(token));
  if (!context.established) return;
  // It vouches for the very session, so that nobody can have come in between.
  const session = protocol._kex.sessionID;
  const request = Buffer.concat([
    text(session),
    Buffer.of(USERAUTH_REQUEST),
    text(username),
    text(SERVICE),
    text(METHOD),
  ]);
  send(protocol, GSSAPI_MIC, text(context.mic(request)));
}

function send(protocol, type, ...parts) {
  const content = Buffer.concat([Buffer.of(type), ...parts]);
  const { write } = protocol._packetRW;
  const packet = write.alloc(content.length);
  packet.set(content, write.allocStart);
  protocol._cipher.encrypt(write.finalize(packet));
}

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function readText(bytes) {
  return bytes.subarray(4, 4 + bytes.readUInt32BE());
}
