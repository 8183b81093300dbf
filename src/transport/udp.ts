import { createSocket } from 'node:dgram';
import type { ExchangeOptions, Target } from './protocols.ts';

/** Anybody can send junk in the KDC's name, while the true answer is still on its way. */
const JUNK_SECONDS = 1;

/** Exchanges one datagram with `target.address`, sending again while there is no answer (RFC 4120 §7.2.1). */
export function exchangeUdp(
  { host, address = host, port }: Target,
  request: Uint8Array,
  { signal, resendAfter, mayResend = () => true, onResend, isReply = () => true }: ExchangeOptions,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // An address needs no look-up, for which the default function would load the resolver.
    const family = address.includes(':') ? 6 : 4;
    const lookup = (
      name: string,
      _: unknown,
      found: (error: null, address: string, family: number) => void,
    ): void => found(null, name, family);
    const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4', lookup });
    let timer: NodeJS.Timeout | undefined;
    let sent = 0;
    let junkTimer: NodeJS.Timeout | undefined;
    let settled = false;

    // A pending send may still fail afterwards.
    const settle = (outcome: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(junkTimer);
      signal.removeEventListener('abort', onAbort);
      socket.close();
      outcome();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const onAbort = (): void => fail(new Error('no answer'));
    const send = (): void => {
      if (settled) return;
      if (sent === 0 || mayResend()) {
        if (sent > 0) onResend?.();
        socket.send(request);
      }
      const pause = resendAfter[sent++];
      if (pause !== undefined) timer = setTimeout(send, pause * 1000);
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    socket.on('error', fail);
    socket.on('message', reply => {
      const take = (): void => settle(() => resolve(reply));
      if (isReply(reply)) take();
      else junkTimer ??= setTimeout(take, JUNK_SECONDS * 1000);
    });
    // The socket is connected, so that the system drops what others send and reports a closed port.
    socket.on('connect', send);
    try {
      // Otherwise `connect` would bind the socket itself, and wait until that is reported.
      socket.bind({ exclusive: true });
      socket.connect(port, address);
    } catch (error) {
      // Port 0 is refused here rather than by an event.
      fail(error as Error);
    }
  });
}
