// The sockets with which commands ask a KDC over UDP: to load node:dgram and make one of its sockets takes a twentieth of
// the time of a bare Node. One is bound, connected, and sends to its peer; nothing else is here.
import { createSocket as ordinarySocket } from 'node:dgram';
import { getSystemErrorName } from 'node:util';
import { binding } from './lean-binding.mjs';

export function createSocket(options) {
  const below = binding('udp_wrap', ['UDP', 'SendWrap']);
  return below === undefined ? ordinarySocket(options) : new ConnectedSocket(options, below);
}

const noError = 0;

class ConnectedSocket {
  constructor(options, below) {
    this.options = options;
    this.below = below;
    this.listeners = {};
  }

  on(event, listener) {
    this.listeners[event] = listener;
    return this;
  }

  /** Remembers the wish: `connect` does both. */
  bind(wishes) {
    this.wishes = wishes;
    return this;
  }

  connect(port, address) {
    this.handle = this.open(port, address);
    if (this.handle === undefined) this.connectOrdinary(port, address);
    else this.listeners.connect();
  }

  send(bytes) {
    if (this.ordinary !== undefined) {
      this.ordinary.send(bytes);
      return;
    }
    const request = new this.below.SendWrap();
    const list = [bytes];
    request.list = list; // stays in memory until it is sent
    // As with the ordinary socket, who waits for no result learns of no error.
    this.handle.send(request, list, list.length, false);
  }

  close() {
    (this.ordinary ?? this.handle)?.close();
  }

  /** A handle that hears its peer; undefined for whatever is wrong. */
  open(port, address) {
    if (!(port > 0 && port < 65536)) return undefined;
    const handle = new this.below.UDP();
    const six = this.options.type === 'udp6';
    const bound = six ? handle.bind6('::', 0, 0) : handle.bind('0.0.0.0', 0, 0);
    const connected = bound || (six ? handle.connect6(address, port) : handle.connect(address, port));
    if (connected !== noError) {
      handle.close();
      return undefined;
    }
    handle.onmessage = (length, _, bytes) => {
      if (length < 0) this.listeners.error(failure(length));
      else this.listeners.message(bytes);
    };
    handle.onerror = (_, __, error) => this.listeners.error(error);
    handle.recvStart();
    return handle;
  }

  /** Lets an ordinary socket tell what is wrong. */
  connectOrdinary(port, address) {
    this.ordinary = ordinarySocket(this.options);
    for (const [event, listener] of Object.entries(this.listeners)) this.ordinary.on(event, listener);
    this.ordinary.bind(this.wishes);
    this.ordinary.connect(port, address);
  }
}

function failure(number) {
  const code = getSystemErrorName(number);
  return Object.assign(new Error(`recvmsg ${code}`), { errno: number, code, syscall: 'recvmsg' });
}
