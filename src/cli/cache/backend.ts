import type { BackendState } from '../../ccache/keychain/open.ts';
import { hasSealedTickets } from '../../ccache/keychain/probe.ts';
import { whyUnwritable } from '../../ccache/sealed/directory.ts';
import { sealedPath } from '../../ccache/sealed/path.ts';
import { printable } from '../../codec/text.ts';
import { during } from '../../local/activity.ts';
import { chooseDefaultCache } from '../../local/caches/default-cache.ts';
import { keychainWish } from '../../local/user/keychain.ts';
import { type Arguments, type Command, jsonOutput, UsageError } from '../command.ts';
import { lineOfJson } from '../json.ts';
import { openSession } from '../session.ts';
import type { Io } from '../terminal.ts';

const name = 'krb5kit cache backend';

/** cache backend: where the key of the sealed caches is kept, and why there. */
export const cacheBackend: Command = {
  name,
  summary: 'Show where the key of the sealed caches is kept, and why.',
  operands: '',
  usageStatus: 2,
  printsResult: true,
  options: [jsonOutput],
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  if (args.operands.length > 0) throw new UsageError(`${name}: unexpected argument "${args.operands[0]}"`);
  const session = openSession(io);
  const { dataDirectory } = session.caches;
  const wish = await during('choosing a back-end', () => keychainWish(io, dataDirectory));
  const { describeBackends } = await import('../../ccache/keychain/open.ts');
  const backends = [
    ...(await describeBackends(io.env, { platform: io.platform })),
    { name: 'passphrase', usable: wish === 'passphrase', reason: passphraseReason(wish, io) },
  ];
  const choice = await during('finding the default cache', () =>
    chooseDefaultCache(session, { reading: false }),
  );
  const path = sealedPath(dataDirectory);
  const unwritable = whyUnwritable(dataDirectory);
  const remarks = [hasSealedTickets(dataDirectory) ? undefined : 'there are none', unwritable].filter(
    remark => remark !== undefined,
  );
  if (args.has('json')) {
    const found = {
      backends,
      backend: chosen(backends, wish)?.name ?? null,
      wanted: wish ?? null,
      sealedTickets: { path, present: hasSealedTickets(dataDirectory), problem: unwritable ?? null },
      defaultCache: { cache: choice.name, reason: choice.reason },
    };
    io.out(lineOfJson(found));
    return 0;
  }
  const lines = [
    ...backends.map(({ name, usable, reason }) => `${name}: ${usable ? 'yes' : 'no'}, ${reason}`),
    `Back-end: ${chosenText(backends, wish)}`,
    `Sealed tickets: ${path}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`,
    `Default cache: ${choice.name} (${choice.reason})`,
  ];
  io.out(lines.map(line => `${printable(line)}\n`).join(''));
  return 0;
}

function passphraseReason(wish: string | undefined, { env }: Io): string {
  if (wish !== 'passphrase') return 'KRB5KIT_KEYCHAIN does not ask for it';
  return env.KRB5KIT_KEYCHAIN ? 'KRB5KIT_KEYCHAIN asks for it' : 'the key is sealed by one';
}

/** The requested back-end, else the first usable one. */
function chosen(backends: readonly BackendState[], wish: string | undefined): BackendState | undefined {
  return backends.find(({ name, usable }) => usable && (wish === undefined || name === wish));
}

function chosenText(backends: readonly BackendState[], wish: string | undefined): string {
  const asked = wish === undefined || wish === 'passphrase' ? '' : ` (KRB5KIT_KEYCHAIN is ${wish})`;
  return `${chosen(backends, wish)?.name ?? 'none'}${asked}`;
}
