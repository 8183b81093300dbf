import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isForbidden, isGone, isOverQuota, isUnsupported } from '../../src/ccache/keyring/failure.ts';
import { type Keyctl, withKeyctl } from '../../src/ccache/keyring/keyctl.ts';
import { scratch } from './samples.ts';

describe.skipIf(process.platform !== 'linux')('keyctl', () => {
  let folder: string;
  beforeEach(() => {
    folder = scratch();
  });

  /** A stand-in for the program, which makes sessions as it does. */
  function fake(body: string): void {
    const path = join(folder, 'keyctl');
    writeFileSync(path, `#!/bin/sh\nif [ "$1" = session ]; then shift 2; exec "$@"; fi\n${body}\n`);
    chmodSync(path, 0o755);
  }

  const use = <T>(work: (keyctl: Keyctl) => Promise<T>, session: 'ours' | 'new' = 'ours') =>
    withKeyctl({ session, path: `${folder}:/usr/bin:/bin` }, work);
  const absent = <T>(work: (keyctl: Keyctl) => Promise<T>, session: 'ours' | 'new') =>
    withKeyctl({ session, path: folder }, work);

  describe.each(['ours', 'new'] as const)('in a session that is %s', session => {
    it('gets its words as they are, whatever is in them', async () => {
      fake(`for word; do printf '<%s>' "$word"; done`);
      const words = ["it's", '$HOME `id` "$(id)"', '\\033 \\n %s', 'Jürgen\udcff', '', '*', '\n; exit', '-x'];
      expect(await use(keyctl => keyctl(words), session)).toBe(words.map(word => `<${word}>`).join(''));
    });

    it('reads what is secret from its standard input, and sees none of it elsewhere', async () => {
      fake(
        `cat; { echo "$@"; env; cat /proc/$PPID/cmdline /proc/$PPID/environ; } | tr '\\0' '\\n' >${folder}/seen`,
      );
      const secret = Uint8Array.from({ length: 256 }, (_, i) => i).filter(octet => octet !== 0x0a);
      const said = await use(keyctl => keyctl(['padd', 'user', 'name', '1'], secret), session);
      expect(said).toBe(
        Buffer.from(secret)
          .toString('latin1')
          .replace(/[\x80-\xff]/g, each => String.fromCharCode(0xdc00 + each.charCodeAt(0))),
      );
      const seen = readFileSync(join(folder, 'seen'), 'latin1');
      expect(seen).toContain('padd user name 1');
      expect(seen).not.toMatch(/ABCDEF|\\101|101\W*0?102/);
    });

    it('is named with its package where it is not installed', async () => {
      await expect(absent(keyctl => keyctl(['show']), session)).rejects.toMatchObject({
        code: 'CACHE_IO',
        message: 'KEYRING caches need the program keyctl, which is not installed (package keyutils)',
      });
    });

    it('answers in order', async () => {
      fake('echo $1; [ $1 != 3 ]');
      const answers = await use(
        keyctl => Promise.allSettled(['1', '2', '3', '4'].map(word => keyctl([word]))),
        session,
      );
      expect(answers.map(answer => (answer.status === 'fulfilled' ? answer.value : 'failed'))).toEqual([
        '1\n',
        '2\n',
        'failed',
        '4\n',
      ]);
    });
  });

  it('runs once more at the end, as it was told last', async () => {
    fake(`echo "$@" >>${folder}/calls`);
    const failed = withKeyctl({ session: 'ours', path: `${folder}:/usr/bin:/bin` }, async (keyctl, atEnd) => {
      atEnd(['first']);
      atEnd(['unlink', "it's", '2']);
      await keyctl(['show']);
      throw new Error('of ours');
    });
    await expect(failed).rejects.toThrow('of ours');
    expect(readFileSync(join(folder, 'calls'), 'utf8')).toBe("show\nunlink it's 2\n");
  });

  it('gets nothing of our environment', async () => {
    fake('env');
    vi.stubEnv('KRB5KIT_TEST', 'x');
    expect(await use(keyctl => keyctl([]))).not.toContain('KRB5KIT_TEST');
    vi.unstubAllEnvs();
  });

  it.each([
    ['keyctl_search: Required key not available', isGone],
    ['keyctl_read_alloc: Key has expired', isGone],
    ['keyctl_read_alloc: Key has been revoked', isGone],
    ['keyctl_unlink: No such file or directory', isGone],
    ['keyctl_read_alloc: Permission denied', isForbidden],
    ['keyctl_get_persistent: Operation not permitted', isForbidden],
    ['add_key: Disk quota exceeded', isOverQuota],
    ['add_key: Quota exceeded', isOverQuota],
    ['add_key: No such device', isUnsupported],
    ['add_key: Invalid argument', isUnsupported],
  ])('that says "%s" is understood', async (words, means) => {
    fake(`echo '${words}' >&2; exit 1`);
    const error = await use(keyctl => keyctl(['x'])).catch((failure: unknown) => failure);
    expect([isGone, isForbidden, isOverQuota, isUnsupported].filter(each => each(error))).toEqual([means]);
  });

  it.each([
    [
      "echo 'keyctl_search: Operation not permitted'; exit 1",
      'The keyrings of the kernel may not be used here',
    ],
    ["echo 'add_key: Function not implemented'; exit 1", 'The kernel has no keyrings'],
    ["echo 'add_key: Cannot allocate memory'; exit 1", 'keyctl failed to link: Cannot allocate memory'],
    ['exit 3', 'keyctl failed to link: 3'],
    ['kill -9 $PPID', 'keyctl failed to make a session: 1'],
  ])('that ends with %j is told of', async (body, message) => {
    fake(body);
    await expect(use(keyctl => keyctl(['link']))).rejects.toMatchObject({ code: 'CACHE_IO', message });
  });

  it('that makes no session is told of', async () => {
    fake('');
    writeFileSync(join(folder, 'keyctl'), "#!/bin/sh\necho 'keyctl_join: Disk quota exceeded' >&2; exit 1\n");
    await expect(use(keyctl => keyctl(['show']), 'new')).rejects.toSatisfy(isOverQuota);
  });

  it('that talks without end is cut short', async () => {
    fake('while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done');
    await expect(use(keyctl => keyctl(['show']))).rejects.toThrow('keyctl gives an answer without an end');
  });

  describe('when it hangs', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('is killed with all that it has started', async () => {
      fake(`echo $$ >${folder}/pid.new; mv ${folder}/pid.new ${folder}/pid; sleep 1000`);
      const failed = expect(use(keyctl => keyctl(['show']))).rejects.toThrow(
        'keyctl did not answer within 20 seconds',
      );
      await expect.poll(() => existsSync(join(folder, 'pid'))).toBe(true);
      const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
      await vi.advanceTimersByTimeAsync(20_000);
      await failed;
      vi.useRealTimers();
      await expect.poll(() => isRunning(pid)).toBe(false);
    });
  });
});

function isRunning(pid: number): boolean {
  try {
    // A killed process may be waited for by nobody.
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
