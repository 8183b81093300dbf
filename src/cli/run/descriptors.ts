import { fstatSync, readdirSync } from 'node:fs';
import type { Arguments } from '../command.ts';
import { isNameless, pipeOf } from '../job/descriptor.ts';

/** More than a shell or make passes on. */
const MOST = 1024;
/** The options that name one with a secret, which is for us alone: by its number, or as a file. */
const SECRETS = ['keytabFd', 'cacheFd', 'passwordFd'];
const SECRET_FILES = ['passwordFile', 't'];
const DESCRIPTOR_FILE = /^(?:(?:WR)?FILE:)?\/(?:dev|proc\/self)\/fd\/(\d+)$/;

/**
 * The descriptors besides the standard ones that we were started with: those for a secret are left out, and Node's own.
 * Only Linux tells of them; to be asked before we open any.
 */
export function inheritedDescriptors(args?: Arguments): readonly number[] {
  if (process.platform !== 'linux') return [];
  // Nor is the one by which a Node that has started us talks to us anybody else's.
  const ours = [...secretDescriptors(args), channelDescriptor()];
  const open = openDescriptors();
  // Node takes the lowest numbers that are free, that by which it waits for events first: what is below was there before.
  const first = open.find(isNameless) ?? MOST;
  return open.filter(fd => !ours.includes(fd) && (fd < first || !isNodesOwn(fd, open)));
}

function secretDescriptors(args?: Arguments): readonly number[] {
  const files = SECRET_FILES.map(name => DESCRIPTOR_FILE.exec(args?.value(name) ?? '')?.[1]);
  return [...SECRETS.map(name => args?.value(name)), ...files].map(Number);
}

/** What waits for events is nameless or a pipe of which both ends are here. */
function isNodesOwn(fd: number, open: readonly number[]): boolean {
  if (isNameless(fd)) return true;
  const pipe = pipeOf(fd);
  return pipe !== undefined && open.some(other => other !== fd && pipeOf(other) === pipe);
}

function channelDescriptor(): number | undefined {
  return (process.channel as { readonly fd?: number } | undefined)?.fd;
}

function openDescriptors(): readonly number[] {
  try {
    const listed = readdirSync('/proc/self/fd').map(Number);
    return listed.filter(fd => fd > 2 && fd < MOST && isOpen(fd)).sort((a, b) => a - b);
  } catch {
    return [];
  }
}

/** That by which they were listed is not any more. */
function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
