// A socket for drivers that know nothing of Kerberos: it authenticates, and then protects what the driver says.
import { once } from 'node:events';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * `authenticate(socket)` talks to the server once it is connected, and resolves to the driver's `{ protect, unprotect }`,
 * such as the layer of a SASL exchange. Only then the driver hears of the connection.
 */
export class SecuredStream extends Duplex {
  #authenticate;
  #socket = new Socket();
  #layer;
  #wanted = () => {};

  constructor(authenticate) {
    super({ allowHalfOpen: false });
    this.#authenticate = authenticate;
    this.#socket.on('error', error => this.destroy(error));
  }

  connect(port, host) {
    this.#run(port, host).catch(error => this.destroy(error));
    return this;
  }

  async #run(port, host) {
    this.#socket.connect(port, host);
    await once(this.#socket, 'connect');
    this.#layer = await this.#authenticate(this.#socket);
    this.emit('connect');
    for await (const bytes of this.#socket) {
      if (!this.push(await this.#layer.unprotect(bytes))) {
        await new Promise(resolve => {
          this.#wanted = resolve;
        });
      }
    }
    this.push(null);
  }

  _read() {
    this.#wanted();
  }

  _write(data, _encoding, done) {
    this.#socket.write(this.#layer.protect(data), done);
  }

  _final(done) {
    this.#socket.end(done);
  }

  _destroy(error, done) {
    this.#socket.destroy();
    this.#wanted();
    done(error);
  }

  setNoDelay(...args) {
    this.#socket.setNoDelay(...args);
    return this;
  }

  setKeepAlive(...args) {
    this.#socket.setKeepAlive(...args);
    return this;
  }

  ref() {
    this.#socket.ref();
    return this;
  }

  unref() {
    this.#socket.unref();
    return this;
  }
}

/** The next `length` bytes of a socket that nothing else reads from. */
export async function receive(socket, length) {
  if (length > 1 << 20) throw new Error(`The server has announced ${length} bytes`);
  for (;;) {
    const bytes = length === 0 ? Buffer.alloc(0) : socket.read(length);
    if (bytes?.length === length) return bytes;
    if (socket.destroyed || socket.readableEnded) throw new Error('The server has closed the connection');
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race(['readable', 'close'].map(event => once(socket, event, { signal })));
    waiting.abort();
  }
}
