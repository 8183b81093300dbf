import { connect } from 'node:net';
import { bytesToHex, textToBytes } from '../codec/text.ts';
import { CodecError } from '../errors.ts';
import {
  type DbusCall,
  type DbusReply,
  dbusMessageLength,
  decodeDbusReply,
  encodeDbusCall,
} from './dbus-message.ts';

/** No answer came in time. */
export class BusSilent extends Error {}

const HELLO: DbusCall = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  member: 'Hello',
  body: [],
};

/**
 * Sends all `calls` to the bus at once and gives their replies in the same order. Throws BusSilent when `seconds`
 * pass first, else what the socket or the bus says.
 */
export function callSessionBus(
  socketPath: string,
  calls: readonly DbusCall[],
  seconds: number,
): Promise<readonly DbusReply[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    const timer = setTimeout(() => socket.destroy(new BusSilent('no answer in time')), seconds * 1000);
    const replies = new Map<number, DbusReply>();
    let received: Uint8Array = new Uint8Array();
    let authenticated = false;

    const user = bytesToHex(textToBytes(String(process.getuid?.() ?? '')));
    socket.write(`\0AUTH EXTERNAL ${user}\r\nBEGIN\r\n`);
    socket.write(Buffer.concat([HELLO, ...calls].map((call, i) => encodeDbusCall(call, i + 1))));

    socket.on('data', (chunk: Uint8Array) => {
      try {
        received = Buffer.concat([received, chunk]);
        authenticated ||= takeGreeting();
        if (authenticated) takeMessages();
        if (replies.size > calls.length) socket.destroy();
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      const inOrder = calls.map((_, i) => replies.get(i + 2));
      if (inOrder.every(reply => reply !== undefined)) resolve(inOrder);
      else reject(new Error('the session bus closed the connection'));
    });

    function takeGreeting(): boolean {
      const end = received.indexOf(0x0a);
      if (end < 0) {
        if (received.length > 1024) throw new CodecError('the session bus sent no greeting');
        return false;
      }
      if (received[0] !== 0x4f) throw new CodecError('the session bus refused this user');
      received = received.subarray(end + 1);
      return true;
    }

    function takeMessages(): void {
      for (;;) {
        const length = dbusMessageLength(received);
        if (length === undefined || received.length < length) return;
        const reply = decodeDbusReply(received.subarray(0, length));
        if (reply !== undefined) replies.set(reply.serial, reply);
        received = received.subarray(length);
      }
    }
  });
}
