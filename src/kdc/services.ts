import type { WritableDatabase } from './database.ts';
import type { Kdc, Responder } from './kdc.ts';
import type { KkdcpOptions } from './kkdcp.ts';
import type { ListenOptions } from './server.ts';
import { listenKdc } from './server.ts';

export interface ServiceOptions {
  /** Where passwords are changed, by UDP and TCP; a free port if 0; nowhere if not given. */
  readonly passwordPort?: number | undefined;
  /** An endpoint for clients that come by HTTP (MS-KKDCP); there is none if not given. */
  readonly kkdcp?: Omit<KkdcpOptions, 'host'> | undefined;
}

/** What listens beside a KDC. */
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

/** Starts what a KDC is to have beside it, on its address. Throws KerberosError KDC_LISTEN. */
export async function startServices(
  { kdc, served, database }: ServedKdc,
  options: ServiceOptions & ListenOptions & { readonly log?: ((line: string) => void) | undefined },
): Promise<RunningServices> {
  const running: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(running.map(service => service.close()));
  };
  const responders = [served];
  try {
    let passwordPort: number | undefined;
    if (options.passwordPort !== undefined) {
      const { createPasswordServer } = await import('./kpasswd.ts');
      const passwords = createPasswordServer(kdc, { database, log: options.log });
      const server = await listenKdc(passwords, { ...options, port: options.passwordPort });
      running.push(server);
      responders.push(passwords);
      passwordPort = server.port;
    }
    let kkdcpUrl: string | undefined;
    if (options.kkdcp !== undefined) {
      const { listenKkdcp } = await import('./kkdcp.ts');
      const endpoint = await listenKkdcp(responders, { ...options.kkdcp, host: options.host });
      running.push(endpoint);
      kkdcpUrl = endpoint.url;
    }
    return { passwordPort, kkdcpUrl, responder: oneOf(responders), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function oneOf(responders: readonly Responder[]): Responder {
  const [first] = responders;
  return {
    ...first!,
    handle(request, peer) {
      for (const responder of responders) {
        const reply = responder.handle(request, peer);
        if (reply !== undefined) return reply;
      }
      return undefined;
    },
  };
}
