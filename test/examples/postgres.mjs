// A query with the driver `pg`, whose connection is authenticated and, unless told otherwise, encrypted by Kerberos:
//   node postgres.mjs postgres://USER@HOST:PORT/DATABASE [encrypt|authenticate]
import { createSaslLayer } from 'krb5kit';
import pg from 'pg';
import { receive, SecuredStream } from './secured-stream.mjs';
import { openService } from './tickets.mjs';

const AUTHENTICATION = 'R'.charCodeAt(0);
const [OK, GSS, GSS_CONTINUE] = [0, 7, 8];

const [url, mode = 'encrypt'] = process.argv.slice(2);
const secure = mode === 'encrypt' ? encrypted : authenticated;
const { hostname: host } = new URL(url);

const client = new pg.Client({
  connectionString: url,
  stream: () => new SecuredStream(async socket => secure(socket, await openService('postgres', host))),
});
await client.connect();
try {
  const { rows } = await client.query(
    'select current_user, gss_authenticated, principal, encrypted from pg_stat_gssapi where pid = pg_backend_pid()',
  );
  console.log(JSON.stringify(rows[0]));
  // Long enough for several packets in either direction.
  const long = 'x'.repeat(100_000);
  const echo = await client.query('select $1 || $1 as text', [long]);
  console.log(echo.rows[0].text === long + long);
} finally {
  await client.end();
}

/** `hostgssenc` of pg_hba.conf: all is encrypted, and the server then knows who it is without a further word. */
async function encrypted(socket, context) {
  socket.write(words(8, 80877104));
  if ((await receive(socket, 1)).toString() !== 'G')
    throw new Error('The server does not encrypt by GSS-API');
  for (let token = await context.step(); token !== undefined; ) {
    socket.write(Buffer.concat([words(token.length), token]));
    if (context.established) break;
    const length = (await receive(socket, 4)).readUInt32BE();
    token = await context.step(await receive(socket, length));
  }
  // Its packets are those of SASL, of 16 KiB with the length before them at most.
  const maximum = 16_384 - 4;
  return createSaslLayer(context, 'confidentiality', { peerMaximum: maximum, ownMaximum: maximum });
}

/** `gss` of pg_hba.conf: what the server says about it is answered here, as the driver does not know it. */
function authenticated(socket, context) {
  let received = Buffer.alloc(0);
  let finished = false;

  async function answer(length) {
    const isAuthentication = received[0] === AUTHENTICATION;
    const kind = isAuthentication ? received.readUInt32BE(5) : undefined;
    if (kind === OK && !context.established) throw new Error('The server has not proved who it is');
    finished = kind !== GSS && kind !== GSS_CONTINUE;
    if (finished) return;
    const token = await context.step(kind === GSS ? undefined : received.subarray(9, length));
    if (token !== undefined) socket.write(Buffer.concat([Buffer.from('p'), words(4 + token.length), token]));
    received = received.subarray(length);
  }

  return {
    protect: data => data,
    async unprotect(bytes) {
      if (finished) return bytes;
      received = Buffer.concat([received, bytes]);
      while (!finished && received.length >= 9 && received.length > received.readUInt32BE(1)) {
        await answer(1 + received.readUInt32BE(1));
      }
      return finished ? received : Buffer.alloc(0);
    },
  };
}

function words(...numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [i, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * i);
  return bytes;
}
