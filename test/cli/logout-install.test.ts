import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { logout } from '../../src/cli/logout.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { scratch } from '../ccache/samples.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { describePeer, findProgram } from '../support/peers.ts';

let home: string;
/** A directory of programs, which is all of the PATH. */
let programs: string;

beforeEach(() => {
  home = scratch();
  programs = scratch();
});

async function say(argv: readonly string[], { env, ...options }: CaptureOptions = {}) {
  const io = captureIo({ env: { HOME: home, PATH: programs, SHELL: '/bin/bash', ...env }, ...options });
  const status = await runCommand(logout, argv, io);
  return { status, stdout: io.stdout, stderr: io.stderr };
}

/** A program that writes down how it is called, and then does what the script says. */
function fake(name: string, script = ''): void {
  const body = `#!/bin/sh\nprintf '%s\\n' "${name} $*" >>"${programs}/calls"\n${script}\n`;
  writeFileSync(join(programs, name), body, { mode: 0o755 });
}

function calls(): string {
  const path = join(programs, 'calls');
  return existsSync(path)
    ? readFileSync(path, 'utf8').replaceAll(/.*(show-environment|is-\w+ .*|print .*)\n/g, '')
    : '';
}

function put(name: string, text: string | Uint8Array = '# mine\n'): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

const read = (name: string) => readFileSync(join(home, name), 'latin1');
const files = () =>
  readdirSync(home)
    .filter(name => name.startsWith('.') && name !== '.local')
    .sort();

const atLogout = `# Destroys tickets after the last session; "krb5kit logout --uninstall" removes these lines.
'/usr/bin/node' '/usr/bin/krb5kit' logout --quiet --session $$
# <<< krb5kit logout <<<
`;

describe('krb5kit logout --install, for shells', () => {
  it('adds lines to what the login shell reads, tells so, and takes them away', async () => {
    put('.profile');
    expect(await say(['--status'])).toEqual({
      status: 1,
      stderr: '',
      stdout: `Not installed: ${home}/.profile\nNot installed: ${home}/.bash_logout\n`,
    });
    expect(await say(['--install'])).toEqual({
      status: 0,
      stderr: '',
      stdout: `Added lines to ${home}/.profile\nAdded lines to ${home}/.bash_logout\n`,
    });
    expect(read('.bash_logout')).toBe(`# >>> krb5kit logout (in a file of its own) >>>\n${atLogout}`);
    expect(read('.profile')).toMatch(
      /^# mine\n# >>> krb5kit logout >>>\n[\s\S]*'\/usr\/bin\/krb5kit' logout --after \$\$/,
    );
    expect(statSync(join(home, '.local/share/krb5kit/sessions')).mode & 0o777).toBe(0o700);
    expect(await say(['--status'])).toEqual({
      status: 0,
      stderr: '',
      stdout: `Installed: ${home}/.profile\nInstalled: ${home}/.bash_logout\n`,
    });
    expect(await say(['--uninstall'])).toEqual({
      status: 0,
      stderr: '',
      stdout: `Removed lines from ${home}/.profile\nRemoved ${home}/.bash_logout\n`,
    });
    expect([files(), read('.profile')]).toEqual([['.profile'], '# mine\n']);
    expect((await say(['--status'])).status).toBe(1);
    expect(await say(['--uninstall'])).toEqual({ status: 0, stderr: '', stdout: 'Nothing is installed\n' });
  });

  it('does the same twice as once', async () => {
    await say(['--install']);
    const before = [read('.profile'), read('.bash_logout'), statSync(join(home, '.profile')).ino];
    expect((await say(['--install'])).stdout).toBe(
      `Installed already: ${home}/.profile\nInstalled already: ${home}/.bash_logout\n`,
    );
    expect([read('.profile'), read('.bash_logout'), statSync(join(home, '.profile')).ino]).toEqual(before);
  });

  it.each([
    ['without a line break at its end', 'export A=1'],
    ['with the line ends of another system', 'a\r\nb\r\n'],
    ['in another encoding', new Uint8Array([0xe4, 0xff, 0x0a, 0x00, 0x80])],
    ['that is empty', ''],
  ])('gives back every byte of a file %s', async (_, text) => {
    put('.bash_logout', text);
    const before = read('.bash_logout');
    await say(['--install']);
    expect(read('.bash_logout').startsWith(before)).toBe(true);
    await say(['--uninstall']);
    expect(read('.bash_logout')).toBe(before);
  });

  it.each([
    [['.bash_profile', '.bash_login', '.profile'], '.bash_profile'],
    [['.bash_login', '.profile'], '.bash_login'],
    [['.profile'], '.profile'],
    [[], '.profile'],
  ])('of %j chooses the one that bash reads', async (there, chosen) => {
    for (const name of there) put(name);
    await say(['--install']);
    const changed = files().filter(name => read(name).includes('--after'));
    expect(changed).toEqual([chosen]);
  });

  it('moves to a file that was made since, and that bash reads instead', async () => {
    put('.profile');
    await say(['--install']);
    put('.bash_profile');
    expect(await say(['--status'])).toMatchObject({
      status: 1,
      stdout: `Not installed: ${home}/.bash_profile\nOut of date: ${home}/.profile\nInstalled: ${home}/.bash_logout\n`,
    });
    expect((await say(['--install'])).status).toBe(0);
    expect(read('.profile')).toBe('# mine\n');
    expect((await say(['--status'])).status).toBe(0);
  });

  it('knows lines that call another program for out of date, and renews them where they are', async () => {
    await say(['--install'], { program: ['/old/node', "/old/it's/krb5kit"] });
    expect(read('.bash_logout')).toContain(`'/old/node' '/old/it'\\''s/krb5kit' logout`);
    writeFileSync(join(home, '.bash_logout'), `${read('.bash_logout')}# after\n`);
    expect((await say(['--status'])).stdout).toBe(
      `Out of date: ${home}/.profile\nOut of date: ${home}/.bash_logout\n`,
    );
    await say(['--install']);
    expect(read('.bash_logout')).toBe(
      `# >>> krb5kit logout (in a file of its own) >>>\n${atLogout}# after\n`,
    );
    expect((await say(['--status'])).status).toBe(0);
    await say(['--uninstall']);
    expect([files(), read('.bash_logout')]).toEqual([['.bash_logout'], '# after\n']);
  });

  it('makes files of zsh for those who have zsh, where zsh looks for them', async () => {
    await say(['--install'], { env: { SHELL: '/usr/bin/zsh' } });
    expect(files()).toEqual(['.zlogout', '.zprofile']);
    await say(['--uninstall'], { env: { SHELL: '/usr/bin/zsh' } });
    expect(files()).toEqual([]);
    mkdirSync(join(home, 'zsh'));
    await say(['--install'], { env: { SHELL: '/usr/bin/zsh', ZDOTDIR: join(home, 'zsh') } });
    expect(readdirSync(join(home, 'zsh'))).toEqual(['.zlogout', '.zprofile']);
  });

  it('adds to files of other shells that are there', async () => {
    put('.zlogout');
    put('.bash_logout');
    await say(['--install'], { env: { SHELL: '/bin/zsh' } });
    expect(files()).toEqual(['.bash_logout', '.zlogout', '.zprofile']);
    expect(read('.bash_logout')).toContain('--session');
  });

  it('does what can be done for a shell that reads nothing at its end', async () => {
    await say(['--install'], { env: { SHELL: '/bin/dash' } });
    expect(files()).toEqual(['.profile']);
    expect((await say(['--status'], { env: { SHELL: '/bin/dash' } })).status).toBe(0);
  });

  it.skipIf(process.platform === 'win32')(
    'ends no login where sessions cannot be recorded, not even in sh, which takes that for an error of the script',
    async () => {
      put('.profile');
      await say(['--install'], { env: { SHELL: '/bin/sh' }, program: ['/nowhere/krb5kit'] });
      const data = put('data');
      const script = '. "$HOME/.profile"; echo went on';
      const options = { env: { HOME: home, KRB5KIT_HOME: data, PATH: programs } };
      expect(execFileSync('/bin/sh', ['-euc', script], options).toString()).toBe('went on\n');
    },
  );

  describePeer('zsh', () => {
    it('records sessions where the shell clobbers no files', async () => {
      const program = ['/nowhere/krb5kit'];
      await say(['--install'], { env: { SHELL: '/bin/zsh' }, program });
      const script = 'setopt noclobber; . "$HOME/.zprofile"; echo $$';
      const options = { env: { HOME: home, PATH: programs } };
      const pid = execFileSync(findProgram('zsh')!, ['-fc', script], options).toString().trim();
      expect(readdirSync(join(home, '.local/share/krb5kit/sessions'))).toEqual([pid]);
    });
  });

  it('adds to what fish reads, in its own language, where fish looks for it', async () => {
    const env = { SHELL: '/usr/bin/fish' };
    const program = ['/opt/node', `/opt/it's\\krb5kit`];
    const path = `${home}/.config/fish/config.fish`;
    expect(await say(['--install'], { env, program })).toEqual({
      status: 0,
      stderr: '',
      stdout: `Added lines to ${path}\n`,
    });
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('\nif status is-login\n');
    expect(text).toContain(
      `--on-event fish_exit\n        command '/opt/node' '/opt/it\\'s\\\\krb5kit' logout --quiet --session $fish_pid\n`,
    );
    expect((await say(['--status'], { env, program })).status).toBe(0);
    expect((await say(['--uninstall'], { env, program })).stdout).toBe(`Removed ${path}\n`);
    const elsewhere = { ...env, XDG_CONFIG_HOME: join(home, 'xdg') };
    await say(['--install'], { env: elsewhere, program });
    expect(existsSync(join(home, 'xdg/fish/config.fish'))).toBe(true);
  });

  it('says that it knows nothing of other shells', async () => {
    const env = { SHELL: '/usr/bin/tcsh' };
    const message =
      'krb5kit logout: Sessions of your login shell tcsh cannot be watched by themselves: have it run "krb5kit logout --after" with its process number when it starts\n';
    expect(await say(['--install'], { env })).toEqual({ status: 1, stdout: '', stderr: message });
    expect(await say(['--status'], { env })).toEqual({
      status: 1,
      stdout: 'Not installed\n',
      stderr: message,
    });
    expect(files()).toEqual([]);
  });

  it('keeps links and modes', async () => {
    mkdirSync(join(home, 'dotfiles'));
    put('dotfiles/logout');
    chmodSync(join(home, 'dotfiles/logout'), 0o640);
    symlinkSync('dotfiles/logout', join(home, '.bash_logout'));
    await say(['--install']);
    expect(lstatSync(join(home, '.bash_logout')).isSymbolicLink()).toBe(true);
    expect(statSync(join(home, 'dotfiles/logout')).mode & 0o777).toBe(0o640);
    await say(['--uninstall']);
    expect([read('.bash_logout'), lstatSync(join(home, '.bash_logout')).isSymbolicLink()]).toEqual([
      '# mine\n',
      true,
    ]);
  });

  it('leaves a read-only file alone, tells so, and does the others', async () => {
    put('.bash_logout');
    chmodSync(join(home, '.bash_logout'), 0o444);
    expect(await say(['--install'])).toEqual({
      status: 1,
      stdout: `Added lines to ${home}/.profile\n`,
      stderr: `krb5kit logout: Cannot change ${home}/.bash_logout: it is read-only\n`,
    });
    expect(read('.bash_logout')).toBe('# mine\n');
    expect(await say(['--status'])).toMatchObject({
      status: 1,
      stdout: `Installed: ${home}/.profile\nNot installed: ${home}/.bash_logout\n`,
    });
  });

  it('says where sessions cannot be recorded, and why', async () => {
    const data = put('data');
    expect(await say(['--install'], { env: { KRB5KIT_HOME: data } })).toMatchObject({
      status: 1,
      stderr: `krb5kit logout: Cannot make ${data}/sessions: Not a directory\n`,
    });
  });

  it('touches no file in which one of its marks is missing', async () => {
    const text = '# >>> krb5kit logout >>>\nprecious\n';
    put('.bash_logout', text);
    for (const action of ['--install', '--status', '--uninstall']) {
      expect(await say([action])).toMatchObject({
        status: 1,
        stderr: `krb5kit logout: ${home}/.bash_logout has one of the marks around our lines without the other; remove them by hand\n`,
      });
    }
    expect(read('.bash_logout')).toBe(text);
  });
});

describe('krb5kit logout --install, with systemd', () => {
  const unit = 'krb5kit-logout.service';
  let path: string;

  beforeEach(() => {
    path = join(home, '.config/systemd/user', unit);
  });

  it('enables a unit that runs us when it stops, and removes it without stopping it that way', async () => {
    fake('systemctl');
    const options = {
      program: ['/usr/bin/node', '/opt/my kit/100%/krb5kit'],
      env: { KRB5KIT_HOME: `${home}/data` },
    };
    const { status, stdout } = await say(['--install'], options);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      `Wrote ${path}\nRan systemctl --user daemon-reload\nRan systemctl --user enable --now ${unit}\nAdded lines`,
    );
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(
      'Type=oneshot\nRemainAfterExit=yes\nExecStop="/usr/bin/node" "/opt/my kit/100%%/krb5kit" "logout" "--quiet"\n',
    );
    expect(text).toContain(`Environment="KRB5KIT_HOME=${home}/data"\n`);
    expect((await say(['--status'], options)).stdout).toMatch(`Installed: ${path}\n`);
    expect((await say(['--status'])).stdout).toMatch(`Out of date: ${path}\n`);
    expect((await say(['--uninstall'], options)).status).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(calls()).toBe(`systemctl --user daemon-reload
systemctl --user enable --now ${unit}
systemctl --user disable ${unit}
systemctl --user daemon-reload
systemctl --user stop ${unit}
`);
  });

  it.each(['is-active', 'is-enabled'])('is out of date while it %s says no', async question => {
    fake('systemctl');
    await say(['--install']);
    fake('systemctl', `[ "$2" != ${question} ]`);
    expect(await say(['--status'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(`^Out of date: ${path}\nInstalled: `),
    });
  });

  it('is left out where no manager answers', async () => {
    fake('systemctl', 'exit 1');
    expect((await say(['--install'])).status).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect((await say(['--status'])).status).toBe(0);
  });

  it('says what is left to do where the manager refuses', async () => {
    fake('systemctl', '[ "$2" = show-environment ] || { echo "no" >&2; exit 1; }');
    const { status, stderr } = await say(['--install']);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `krb5kit logout: to be run in the user's session: systemctl --user enable --now ${unit} (no)\n`,
    );
  });
});

// A recorded fake: launchctl as its manual describes it.
describe('krb5kit logout --install, with launchd', () => {
  const options = { platform: 'darwin', uid: 501 } as const;
  const job = 'gui/501/krb5kit.logout';

  it('loads a job that stays until the session ends, and unloads it without destroying tickets', async () => {
    fake(
      'launchctl',
      `case $1 in
bootstrap) : >"${programs}/loaded" ;;
print) [ -e "${programs}/loaded" ] ;;
bootout) mv "${programs}/loaded" "${programs}/unloaded" ;;
esac`,
    );
    const env = { PATH: `${programs}:/bin` };
    expect((await say(['--install'], { ...options, env })).status).toBe(0);
    const plist = join(home, 'Library/LaunchAgents/krb5kit.logout.plist');
    expect(readFileSync(plist, 'utf8')).toContain(
      '<string>logout</string><string>--quiet</string><string>--stay</string></array>',
    );
    expect(read('.profile')).toContain(
      `\${KRB5KIT_HOME:-$HOME/Library/Application Support/krb5kit}/sessions/$$`,
    );
    expect((await say(['--status'], { ...options, env })).status).toBe(0);
    const elsewhere = { ...options, env, program: ['/new/node', '/new/krb5kit'] };
    expect((await say(['--status'], elsewhere)).stdout).toMatch(`Out of date: ${plist}\n`);
    expect((await say(['--install'], elsewhere)).status).toBe(0);
    expect((await say(['--uninstall'], elsewhere)).status).toBe(0);
    expect(existsSync(plist)).toBe(false);
    const unload = `launchctl kill SIGINT ${job}\nlaunchctl bootout ${job}\n`;
    const load = `launchctl bootstrap gui/501 ${plist}\n`;
    expect(calls()).toBe(load + unload + load + unload);
  });
});

// A recorded fake: schtasks as its manual describes it.
describe('krb5kit logout --install, on Windows', () => {
  const program = ['C:\\Program Files\\nodejs\\node.exe', 'C:\\npm\\krb5kit'];
  const options = { platform: 'win32', program } as const;
  const task = `<Exec>
      <Command>"C:\\Program Files\\nodejs\\node.exe"</Command>
      <Arguments>C:\\npm\\krb5kit logout --quiet</Arguments>
    </Exec>`;

  it('has a task started when this user logs off', async () => {
    fake('whoami', `echo '"host\\alice","S-1-5-21-1-2-3-1001"'`);
    fake('schtasks', '[ $1 != /Query ]');
    expect((await say(['--status'], options)).stdout).toBe('Not installed: task krb5kit-logout\n');
    expect((await say(['--install'], options)).status).toBe(0);
    fake('schtasks', `[ $1 != /Query ] || printf '%s' '${task}'`);
    expect(await say(['--status'], options)).toEqual({
      status: 0,
      stderr: '',
      stdout: 'Installed: task krb5kit-logout\n',
    });
    const moved = { ...options, program: ['D:\\node.exe', 'D:\\krb5kit'] };
    expect((await say(['--status'], moved)).stdout).toBe('Out of date: task krb5kit-logout\n');
    expect((await say(['--uninstall'], options)).status).toBe(0);
    const made = calls()
      .split('\n')
      .filter(line => /\/(Create|Delete)/.test(line));
    expect(made).toEqual([
      'schtasks /Create /F /TN krb5kit-logout /TR "C:\\Program Files\\nodejs\\node.exe" C:\\npm\\krb5kit logout --quiet ' +
        "/SC ONEVENT /EC System /MO *[System[Provider[@Name='Microsoft-Windows-Winlogon'] and EventID=7002] " +
        "and EventData[Data[@Name='UserSid']='S-1-5-21-1-2-3-1001']]",
      'schtasks /Delete /F /TN krb5kit-logout',
    ]);
    expect(files()).toEqual([]);
  });

  it('makes no task for a user it does not know', async () => {
    fake('schtasks', '[ $1 != /Query ]');
    fake('whoami', 'exit 1');
    expect(await say(['--install'], options)).toMatchObject({
      status: 1,
      stderr: 'krb5kit logout: whoami does not tell who you are\n',
    });
  });
});
