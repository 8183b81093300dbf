import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemReason } from '../errno.ts';
import { KerberosError } from '../errors.ts';
import type { Delegation, NegotiateOptions } from '../http/options.ts';
import { type Arguments, UsageError } from './command.ts';
import type { Io } from './terminal.ts';

/** The maximum number of bytes to send from stdin. */
const MAX_INPUT = 1 << 28;
const FORM = 'application/x-www-form-urlencoded';

/** A URL of http or https; undefined for anything else. */
export function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

/** The request that the command line describes. Throws UsageError, and KerberosError HTTP for an unreadable file. */
export async function readRequest(args: Arguments, io: Io): Promise<RequestInit> {
  const headers = new Headers();
  for (const line of args.values('header')) {
    const [, name = '', value = ''] = /^([^:\s]+):\s*(.*)$/s.exec(line) ?? [];
    try {
      headers.append(name, value);
    } catch {
      throw new UsageError(`krb5kit http: "${line}" is not a header`);
    }
  }
  const form = args.value('data');
  const binary = args.value('dataBinary');
  const body =
    binary !== undefined
      ? await readData(binary, io)
      : form && (form.startsWith('@') ? withoutLineEnds(await readData(form, io)) : await readData(form, io));
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', FORM);
  const fallback = args.has('head') ? 'HEAD' : body === undefined ? 'GET' : 'POST';
  return {
    method: args.value('request') ?? fallback,
    headers,
    redirect: args.has('location') ? 'follow' : 'manual',
    ...(body !== undefined && { body }),
    ...(io.signal && { signal: io.signal }),
  };
}

async function readData(text: string, io: Io): Promise<Uint8Array<ArrayBuffer>> {
  if (!text.startsWith('@')) return Buffer.from(text);
  const name = text.slice(1);
  return Uint8Array.from(name === '-' ? await io.readInput(MAX_INPUT) : readFile(name, io));
}

function withoutLineEnds(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes).filter(byte => byte !== 0x0a && byte !== 0x0d && byte !== 0);
}

function readFile(name: string, io: Io): Uint8Array {
  try {
    return readFileSync(resolve(io.cwd, name));
  } catch (cause) {
    throw new KerberosError('HTTP', `${name} cannot be read (${systemReason(cause)})`, { cause });
  }
}

/** The options for authentication. Throws as `readRequest` does. */
export function readOptions(args: Arguments, io: Io): Omit<NegotiateOptions, 'open'> {
  const delegation = args.value('delegate') ?? 'none';
  if (!['none', 'policy', 'always'].includes(delegation)) {
    throw new UsageError(`krb5kit http: --delegate must be "policy" or "always", not "${delegation}"`);
  }
  const proxy = args.value('proxy');
  const proxyUrl =
    proxy === undefined ? undefined : readUrl(proxy.includes('://') ? proxy : `http://${proxy}`);
  if (proxy !== undefined && proxyUrl === undefined)
    throw new UsageError(`krb5kit http: '${proxy}' is not the URL of a proxy`);
  const ca = args.value('cacert');
  const [url] = args.operands.map(readUrl);
  return {
    delegation: delegation as Delegation,
    preemptive: args.has('preemptive'),
    mutual: args.has('noMutual') ? 'optional' : 'required',
    proxy: proxyUrl,
    hosts: [...(url ? [url.hostname] : []), ...args.values('allow')],
    tls: {
      ...(ca !== undefined && { ca: Buffer.from(readFile(ca, io)) }),
      ...(args.has('insecure') && { rejectUnauthorized: false }),
    },
  };
}
