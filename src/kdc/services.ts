import { AsReq, TgsReq } from '../messages/kdc-req.ts';
import type { WritableDatabase } from './database.ts';
import type { Kdc, Responder } from './kdc.ts';
import type { KkdcpOptions } from './server/kkdcp.ts';
import type { ListenOptions } from './server.ts';
import { listenKdc } from './server.ts';

export interface KdcServiceOptions {
  /** The port of the password server, over UDP and TCP; a free one if 0; no password server if not given. */
  readonly passwordPort?: number | undefined;
  /** The HTTP endpoint (MS-KKDCP); none if not given. */
  readonly kkdcp?: Omit<KkdcpOptions, 'host'> | undefined;
}

/** The services beside a KDC. */
export interface RunningServices {
  readonly passwordPort: number | undefined;
  readonly kkdcpUrl: string | undefined;
  /** Answers messages for the KDC and for the other services. */
  readonly responder: Responder;
  close(): Promise<void>;
}

interface ServedKdc {
  readonly kdc: Kdc;
  /** The KDC as clients see it, including the trouble that it makes. */
  readonly served: Responder;
  readonly database: WritableDatabase;
}

interface StartServicesOptions extends KdcServiceOptions, ListenOptions {
  /** Whether to open sockets; without them the services are reached only through the `responder`. True if not given. */
  readonly listen?: boolean | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/** Starts the services beside a KDC, on its address. Throws KerberosError KDC_LISTEN. */
export async function startServices(
  { kdc, served, database }: ServedKdc,
  options: StartServicesOptions,
): Promise<RunningServices> {
  const { listen = true } = options;
  const running: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map(service => service.close()));
  };
  let passwords: Responder | undefined;
  try {
    let passwordPort: number | undefined;
    if (options.passwordPort !== undefined) {
      const { createPasswordServer } = await import('./kpasswd.ts');
      passwords = createPasswordServer(kdc, { database, log: options.log });
    }
    if (listen && passwords !== undefined) {
      const server = await listenKdc(passwords, { ...options, port: options.passwordPort });
      running.push(server);
      passwordPort = server.port;
    }
    const responder = eitherOf(served, passwords);
    let kkdcpUrl: string | undefined;
    if (listen && options.kkdcp !== undefined) {
      const { listenKkdcp } = await import('./server/kkdcp.ts');
      const endpoint = await listenKkdcp([responder], { ...options.kkdcp, host: options.host });
      running.push(endpoint);
      kkdcpUrl = endpoint.url;
    }
    return { passwordPort, kkdcpUrl, responder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Lets the password server answer what is not a request to a KDC, which may not answer on purpose. */
function eitherOf(kdc: Responder, passwords: Responder | undefined): Responder {
  if (passwords === undefined) return kdc;
  return {
    ...kdc,
    handle: (request, peer) => (isKdcRequest(request) ? kdc : passwords).handle(request, peer),
  };
}

/** A password message begins with its length, which may look like a tag. */
function isKdcRequest(request: Uint8Array): boolean {
  const tagged = request[0] === AsReq.tags[0] || request[0] === TgsReq.tags[0];
  return tagged && ((request[0]! << 8) | request[1]!) !== request.length;
}
