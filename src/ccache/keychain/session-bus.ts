import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { bytesToHex, textToBytes } from '../../codec/text.ts';
import { CodecError } from '../../errors.ts';
import {
  type DbusCall,
  type DbusReply,
  dbusMessageLength,
  decodeDbusReply,
  encodeDbusCall,
} from './dbus-message.ts';

export interface AskOptions {
  /** Seconds to wait for the replies. */
  readonly seconds: number;
  /** Whether to wait several times as long while the machine is overloaded. */
  readonly patient?: boolean;
}

/** A connection to the session's D-Bus. */
export interface SessionBus {
  /**
   * Sends all `calls` at once and resolves to their replies in the same order. Throws BusSilent on timeout, else the
   * error of the socket or the bus; afterwards, the connection cannot be used any more.
   */
  ask(calls: readonly DbusCall[], options: AskOptions): Promise<readonly DbusReply[]>;
  close(): void;
}

/** No answer came in time. */
export class BusSilent extends Error {}

const HELLO: DbusCall = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  member: 'Hello',
  arguments: [],
};

/** How often the timeout is extended on an overloaded machine. */
const BUSY_WAITS = 3;
/** With so many runnable processes, each of them waits for a processor. */
const OVERLOAD = 12;

/** Connects; whether anybody listens shows only with the first `ask`, with which the greeting is sent. */
export function connectSessionBus(socketPath: string): SessionBus {
  const socket = connect({ path: socketPath });
  const waiting = new Map<number, (reply: DbusReply) => void>();
  let fail: (reason: Error) => void = () => undefined;
  let broken: Error | undefined;
  let received: Uint8Array = new Uint8Array();
  let greeted = false;
  let serial = 0;

  const user = bytesToHex(textToBytes(String(process.geteuid?.() ?? '')));
  socket.write(`\0AUTH EXTERNAL ${user}\r\nBEGIN\r\n`);
  socket.write(encodeDbusCall(HELLO, ++serial));
  socket.on('data', (chunk: Uint8Array) => {
    try {
      received = Buffer.concat([received, chunk]);
      greeted ||= takeGreeting();
      if (greeted) takeMessages();
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  socket.on('error', breakOff);
  socket.on('close', () => breakOff(new Error('the session bus closed the connection')));

  return {
    ask(calls, { seconds, patient = false }) {
      return new Promise((resolve, reject) => {
        let left = patient ? BUSY_WAITS : 0;
        let timer = setTimeout(expire, seconds * 1000);
        function expire(): void {
          if (left-- > 0 && isOverloaded()) timer = setTimeout(expire, seconds * 1000);
          else socket.destroy(new BusSilent('no answer in time'));
        }
        fail = reason => {
          clearTimeout(timer);
          reject(reason);
        };
        if (broken !== undefined) return fail(broken);
        const replies: DbusReply[] = [];
        let missing = calls.length;
        for (const [i, call] of calls.entries()) {
          waiting.set(++serial, reply => {
            replies[i] = reply;
            if (--missing > 0) return;
            clearTimeout(timer);
            resolve(replies);
          });
          socket.write(encodeDbusCall(call, serial));
        }
      });
    },
    close() {
      socket.destroy();
    },
  };

  function breakOff(reason: Error): void {
    broken ??= reason;
    fail(broken);
  }

  function takeGreeting(): boolean {
    const end = received.indexOf(0x0a);
    if (end < 0) {
      if (received.length > 1024) throw new CodecError('the session bus sent no greeting');
      return false;
    }
    // OK, REJECTED or ERROR
    if (received[0] !== 0x4f) throw new CodecError('the session bus refused this user');
    received = received.subarray(end + 1);
    return true;
  }

  function takeMessages(): void {
    for (;;) {
      const length = dbusMessageLength(received);
      if (length === undefined || received.length < length) return;
      const reply = decodeDbusReply(received.subarray(0, length));
      received = received.subarray(length);
      if (reply === undefined) continue;
      waiting.get(reply.serial)?.(reply);
      waiting.delete(reply.serial);
    }
  }
}

/**
 * Whether so many processes wait for a processor that a missing answer says nothing about the service; known on Linux
 * only.
 */
function isOverloaded(): boolean {
  try {
    const running = /^\S+ \S+ \S+ (\d+)\//.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1];
    return Number(running) >= OVERLOAD;
  } catch {
    return false;
  }
}
