import { AsReq, TgsReq } from '../messages/kdc-req.ts';
import type { WritableDatabase } from './database.ts';
import type { Kdc, Responder } from './kdc.ts';
import type { KkdcpOptions } from './server/kkdcp.ts';
import type { ListenOptions } from './server.ts';
import { listenKdc } from './server.ts';

export interface KdcServiceOptions {
  /** Where passwords are changed, by UDP and TCP; a free port if 0; nowhere if not given. */
  readonly passwordPort?: number | undefined;
  /** An endpoint for clients that come by HTTP (MS-KKDCP); there is none if not given. */
  readonly kkdcp?: Omit<KkdcpOptions, 'host'> | undefined;
}

/** What is there beside a KDC. */
export interface RunningServices {
  readonly passwordPort: number | undefined;
  readonly kkdcpUrl: string | undefined;
  /** What answers messages for the KDC and for the others, whichever they are for. */
  readonly responder: Responder;
  close(): Promise<void>;
}

export interface ServedKdc {
  readonly kdc: Kdc;
  /** The KDC as clients see it, with the trouble that it makes. */
  readonly served: Responder;
  readonly database: WritableDatabase;
}

interface StartServicesOptions extends KdcServiceOptions, ListenOptions {
  /** False where they are reached by the `responder` alone; true if not given. */
  readonly listen?: boolean | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/** Starts what a KDC is to have beside it, on its address. Throws KerberosError KDC_LISTEN. */
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

/** Has the password server answer what is no request to a KDC, which may have its reasons to be silent. */
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
