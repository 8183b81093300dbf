import { UsageError } from './command.ts';

/** A TCP or UDP port as an option gives it; 0 lets the system choose one. */
export function readPort(text: string | undefined, fallback: number, program: string): number {
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  if (port > 65_535) throw new UsageError(`${program}: '${text}' is not a port`);
  return port;
}

/** The address to listen on from an option; an empty one, which an unset variable causes, would mean all addresses. */
export function readHost(text: string | undefined, program: string): string | undefined {
  if (text === '') throw new UsageError(`${program}: --host requires an address`);
  return text;
}
