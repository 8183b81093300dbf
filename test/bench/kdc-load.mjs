// A client of a KDC, forked where the benchmark wants it: takes `{ port, requests, ports, underWay }` and says that it
// is ready; for each number of milliseconds after that it sends requests for so long, from one port after the other, and
// tells how many were answered with tickets.
import { createSocket } from 'node:dgram';

const AS_REP = 0x6b;
const OVERDUE = 30_000; // milliseconds

let client;

process.on('message', async message => {
  if (typeof message === 'number') return process.send(await client(message).catch(({ message }) => message));
  client = createClient(message);
  process.send('ready');
});

function createClient({ port, requests, ports, underWay }) {
  const sockets = Array.from({ length: ports }, () => createSocket('udp4'));
  let sent = 0;
  return milliseconds =>
    new Promise((done, fail) => {
      let [waiting, answered] = [0, 0];
      const over = performance.now() + milliseconds;
      const overdue = setTimeout(() => fail(new Error(`${waiting} requests are not answered`)), OVERDUE);
      const ask = () => {
        waiting++;
        const request = requests[sent++];
        if (request === undefined) return fail(new Error('the requests are used up'));
        sockets[sent % ports].send(request, port, '127.0.0.1');
      };
      const receive = reply => {
        if (reply[0] !== AS_REP) fail(new Error('an answer is no AS-REP'));
        waiting--;
        if (performance.now() < over) {
          answered++;
          return ask();
        }
        if (waiting > 0) return;
        clearTimeout(overdue);
        done(answered);
      };
      for (const socket of sockets) socket.removeAllListeners().on('error', fail).on('message', receive);
      for (let i = 0; i < underWay; i++) ask();
    });
}
