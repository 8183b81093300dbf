import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below those that systems give to clients: one of them might take the port before the daemon that it is for. */
const LOWEST = 10_240;
const END = 32_768;
/** For the same reason, each of vitest's workers, of which there are fewer, has ports of its own: every one so many. */
const STRIDE = 64;
const FIRST = LOWEST + (Number(process.env.VITEST_POOL_ID ?? 0) % STRIDE);

let last = FIRST + STRIDE * randomInt((END - LOWEST) / STRIDE);

/** A port that is free on 127.0.0.1 for UDP and TCP alike, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  do {
    last = last + STRIDE < END ? last + STRIDE : FIRST;
  } while (!((await isTcpFree(last)) && (await isUdpFree(last))));
  return last;
}

function isTcpFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function isUdpFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}
