// A look into the inbox, after SASL authentication (RFC 3501 §6.2.2):
//   node imap.mjs HOST PORT [GSSAPI|GSS-SPNEGO] [AUTHZID]
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { createSaslClient } from 'krb5kit';
import { flagsFor, openService } from './tickets.mjs';

const [host, port, mechanism = 'GSSAPI', authzid] = process.argv.slice(2);
const socket = connect(Number(port), host);
const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
socket.once('error', error => {
  console.error(error.message);
  process.exitCode = 1;
});

try {
  await nextLine();
  await authenticate();
  for (const line of await command('SELECT INBOX')) console.log(line);
  await command('LOGOUT');
} finally {
  socket.destroy();
}

/** Without a layer: whoever wants one takes TLS with IMAP. */
async function authenticate() {
  const context = await openService('imap', host, {
    mechanism: mechanism === 'GSSAPI' ? 'krb5' : 'spnego',
    flags: flagsFor('none'),
  });
  const sasl = createSaslClient(mechanism, context, { protections: ['none'], authzid });
  await command(`AUTHENTICATE ${mechanism}`, challenge => sasl.step(challenge));
  if (!sasl.complete) throw new Error('The server is content before it has proved who it is');
}

/** Sends a command and the answers to what the server asks meanwhile; resolves to what it tells. */
async function command(text, answer) {
  const told = [];
  socket.write(`a ${text}\r\n`);
  for (;;) {
    const line = await nextLine();
    if (line.startsWith('* ')) told.push(line);
    else if (line.startsWith('+') && answer !== undefined) {
      const response = await answer(Buffer.from(line.slice(2), 'base64'));
      socket.write(`${Buffer.from(response ?? []).toString('base64')}\r\n`);
    } else if (line.startsWith('a OK')) return told;
    else throw new Error(line);
  }
}

async function nextLine() {
  const { value, done } = await lines.next();
  if (done) throw new Error('The server has closed the connection');
  return value;
}
