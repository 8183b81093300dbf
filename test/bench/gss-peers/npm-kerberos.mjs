// npm `kerberos`, from the folder that it is installed in: contexts by its own steps, and a web server.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answerRows } from './rows.mjs';

const lab = JSON.parse(process.argv[2]);
const kerberos = createRequire(join(lab.npmKerberos, 'package.json'))('kerberos');
const SERVICE = 'HTTP@localhost';

const initiator = () => kerberos.initializeClient(SERVICE, { mechOID: kerberos.GSS_MECH_OID_KRB5 });

async function accept(token) {
  const server = await kerberos.initializeServer(SERVICE);
  await server.step(token);
  return server;
}

async function pair() {
  const client = await initiator();
  const server = await accept(await client.step(''));
  await client.step(server.response);
}

const token = async () => (await initiator()).step('');

if (process.argv[3] === 'http') {
  const listener = async (request, response) => {
    try {
      const server = await accept(request.headers.authorization.slice('Negotiate '.length));
      response.setHeader('WWW-Authenticate', `Negotiate ${server.response}`);
      response.end(server.username);
    } catch {
      response.writeHead(401).end();
    }
  };
  const server = createServer(listener);
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  // It has no word for an AP-REQ alone, nor for a replay cache of its own: the environment's is the library's file.
  const acceptRow = { prepare: token, once: accept };
  await answerRows({
    initiate: { once: token },
    'ap-usual': acceptRow,
    accept: acceptRow,
    pair: { once: pair },
  });
  process.exit();
}
