import { createSocket, type Socket } from 'node:dgram';

/** A relay that records UDP datagrams. */
export interface Relay {
  readonly port: number;
  /** What was relayed, in order. */
  readonly datagrams: readonly { readonly request: boolean; readonly data: Uint8Array }[];
  close(): void;
}

/** Relays datagrams to a port of this machine and back, for one client at a time. */
export async function startRelay(to: number): Promise<Relay> {
  const datagrams: { request: boolean; data: Uint8Array }[] = [];
  const front = await bound();
  const back = await bound();
  let client: { address: string; port: number } | undefined;
  front.on('message', (data, from) => {
    client = from;
    datagrams.push({ request: true, data });
    back.send(data, to, '127.0.0.1');
  });
  back.on('message', data => {
    datagrams.push({ request: false, data });
    if (client !== undefined) front.send(data, client.port, client.address);
  });
  return {
    port: front.address().port,
    datagrams,
    close() {
      front.close();
      back.close();
    },
  };
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve));
  return socket;
}
