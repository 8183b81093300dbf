import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { resolveCcache } from '../../src/ccache/resolve.ts';
import { agent } from '../../src/cli/agent.ts';
import { cache } from '../../src/cli/cache.ts';
import { klist } from '../../src/cli/klist.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { openSession } from '../../src/cli/session.ts';
import { scratch } from '../ccache/samples.ts';
import { alice, tgt } from '../ccache/tickets.ts';
import { type CapturedIo, captureIo } from '../support/io.ts';

// A derivation takes half a second, and several on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 });

const uid = process.geteuid?.();
let home: string;
let passphrase: string;
beforeEach(() => {
  home = scratch();
  passphrase = join(home, 'passphrase');
});

function io(more: Readonly<Record<string, string>> = {}): CapturedIo {
  const env = {
    HOME: home,
    KRB5KIT_HOME: home,
    KRB5_CONFIG: join(home, 'krb5.conf'),
    KRB5KIT_KEYCHAIN: 'passphrase',
    KRB5KIT_PASSPHRASE_FILE: passphrase,
    ...more,
  };
  return captureIo({ env, uid });
}

async function say(
  command: typeof agent,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
) {
  const captured = io(more);
  const status = await runCommand(command, argv, captured);
  return [status, captured.stdout, captured.stderr];
}

it('cache lock has the agent forget the key, so that a passphrase is needed again', async () => {
  writeFileSync(passphrase, 'horse');
  const sealed = await resolveCcache('KEYCHAIN:', openSession(io()).caches);
  await sealed.initialize({ principal: alice, credentials: [tgt] });

  const serving = io();
  const ended = runCommand(agent, [], serving);
  try {
    await expect.poll(() => serving.stdout).toContain('Listening on');
    const overKcm = { KRB5_CONFIG: join(home, 'agent', 'krb5.conf'), KRB5CCNAME: 'KCM:' };
    const listed = [0, expect.stringContaining('alice@A.TEST'), ''];
    expect(await say(klist, ['-l'], overKcm)).toEqual(listed);
    writeFileSync(passphrase, 'house');
    expect(await say(klist, ['-l'], overKcm)).toEqual(listed);
    expect(await say(cache, ['lock'])).toEqual([0, 'The agent has forgotten the key\n', '']);
    expect(await say(klist, ['-l'], overKcm)).toEqual([
      1,
      '',
      'klist: The passphrase is wrong while listing ccache collection\n',
    ]);
    writeFileSync(passphrase, 'horse');
    expect(await say(klist, ['-l'], overKcm)).toEqual(listed);
  } finally {
    serving.stop();
    expect(await ended).toBe(0);
  }
});

it('cache lock says that no agent runs', async () => {
  expect(await say(cache, ['lock'])).toEqual([1, '', 'krb5kit cache lock: no agent runs\n']);
  expect((await say(cache, ['lock', 'x']))[0]).toBe(2);
});
