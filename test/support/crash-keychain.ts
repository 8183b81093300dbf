import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SealedCaches } from '../../src/ccache/sealed/caches.ts';
import { SEALED_KEY_BYTES, sealBytes, unsealBytes } from '../../src/ccache/sealed/file.ts';
import { type Home, holdings } from './crash-lab.ts';
import { findProgram } from './peers.ts';

/** Puts sealed tickets into a home directory, with the key in the keychain. */
export async function seal({ data, env }: Home, caches: SealedCaches): Promise<void> {
  const key = randomBytes(SEALED_KEY_BYTES);
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, 'tickets'), sealBytes(SealedCaches.encode(caches), key));
  await secretTool(['store', `--label=krb5kit/${data}`], { data, env }, key.toString('base64'));
}

/** A summary of the sealed tickets, such as `*alice: krbtgt/A.TEST, bob: …`; throws if they cannot be opened. */
export async function sealedHoldings({ data, env }: Home): Promise<string> {
  const path = join(data, 'tickets');
  if (!existsSync(path)) return '';
  const sealed = readFileSync(path);
  const key = await keyOf({ data, env });
  const { primary, members } = SealedCaches.decode(unsealBytes(sealed, Buffer.from(key, 'base64')));
  return [...members]
    .map(([name, contents]) => `${name === primary ? '*' : ''}${holdings(contents)}`)
    .join(', ');
}

/** The home's key in the keychain; empty if there is none. */
export async function keyOf(home: Pick<Home, 'data' | 'env'>): Promise<string> {
  return (await secretTool(['lookup'], home).catch(() => '')).trim();
}

function secretTool(
  args: readonly string[],
  { data, env }: Pick<Home, 'data' | 'env'>,
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    // keytar deletes only items with its own schema.
    const item = ['service', 'krb5kit', 'account', data, 'xdg:schema', 'org.freedesktop.Secret.Generic'];
    const child = execFile(findProgram('secret-tool')!, [...args, ...item], { env }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
    child.stdin?.on('error', () => undefined); // one that ends early has said why
    child.stdin?.end(input);
  });
}
