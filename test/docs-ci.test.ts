import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type RunningKdc, startKdc } from '../src/kdc/start.ts';
import { KeytabFile } from '../src/keytab/file-format.ts';
import { scratch } from './ccache/samples.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/ci.md'), 'utf8');
const blocks = (language: string): readonly string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(match => match[1] === language)
    .map(match => match[2]!);
const read = <T>(file: string): T => parse(readFileSync(join(root, 'docs/ci', file), 'utf8')) as T;

let kdc: RunningKdc;
let folder: string;
let temporary: string;
let env: Record<string, string>;

beforeAll(async () => {
  kdc = await startKdc({ realm: 'EXAMPLE.COM', services: ['job', 'HTTP/web.example.com'] });
});
afterAll(() => kdc?.close());
beforeEach(() => {
  folder = scratch();
  temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  mkdirSync(join(folder, 'bin'));
  const krb5kit = `#!/bin/sh\nexec ${process.execPath} ${join(root, 'bin/krb5kit')} "$@"\n`;
  for (const [name, text] of [
    ['bin/krb5kit', krb5kit],
    // What is not there is not downloaded by a test.
    ['bin/npm', '#!/bin/sh\nexit 99\n'],
    ['deploy.sh', `#!/bin/sh\necho "as [$KEYTAB_B64]" >> ${join(folder, 'deployed')}\nkrb5kit klist\n`],
  ] as const) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  symlinkSync(process.execPath, join(folder, 'bin/node'));
  const keys = KeytabFile.encode(kdc.keytab('job'));
  writeFileSync(join(folder, 'job.keytab'), keys);
  writeFileSync(join(folder, 'krb5.conf'), kdc.krb5Conf());
  env = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    HOME: folder,
    TMPDIR: temporary,
    RUNNER_TEMP: temporary,
    KRB5_CONFIG: join(folder, 'krb5.conf'),
    KRB5KIT_KEYCHAIN: 'none',
    KEYTAB_B64: Buffer.from(keys).toString('base64'),
  };
});

/** Has npm install krb5kit where it is told to, since nothing else may be written to. */
function installByNpm(): void {
  const moved = join(folder, 'krb5kit');
  renameSync(join(folder, 'bin/krb5kit'), moved);
  const npm = `#!/bin/sh
    [ "$1 $2 $3" = 'install --global --prefix' ] || exit 98
    mkdir -p "$4/bin" && cp ${moved} "$4/bin/krb5kit" && echo "got $5"\n`;
  writeFileSync(join(folder, 'bin/npm'), npm);
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a script as CI services do. */
function bash(script: string, more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  return new Promise(resolve => child.once('close', status => resolve({ status, output })));
}

const deployed = (): string => readFileSync(join(folder, 'deployed'), 'utf8');

describe('docs/ci.md', () => {
  it('has commands', () => expect(blocks('sh').length).toBeGreaterThanOrEqual(6));

  it.each(blocks('sh'))('shows what works: %s', async script => {
    const { status, output } = await bash(script);
    expect([status, output.match(/error|cannot|not found|warning/i)], output).toEqual([0, null]);
    if (script.includes('deploy.sh') && script.includes('run')) expect(deployed()).toBe('as []\n');
    if (/klist|deploy/.test(script)) expect(output).toContain('Default principal: job@EXAMPLE.COM');
    expect(readdirSync(temporary).filter(name => name.startsWith('krb5kit'))).toEqual([]);
  });

  it('uses only what the files beside it have', () => {
    const [github, gitlab] = blocks('yaml').map(text => parse(text));
    const { inputs } = read<Action>('action.yml');
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(github[0].with)));
    const template = readFileSync(join(root, 'docs/ci/gitlab.yml'), 'utf8');
    for (const job of Object.values<{ extends: string; variables: object }>(gitlab)) {
      expect(Object.keys(read<Template>('gitlab.yml'))).toContain(job.extends);
      for (const name of Object.keys(job.variables)) expect(template).toContain(`$${name}`);
    }
  });
});

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

interface Step {
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run: string;
}

describe('the action for GitHub', () => {
  const { inputs, runs } = read<Action>('action.yml');

  /** What the steps before have put in front of PATH, the last first. */
  const added = (): readonly string[] => {
    const file = join(folder, 'github-path');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').reverse() : [];
  };

  /** Does what GitHub does with the steps of a composite action. */
  async function use(given: Readonly<Record<string, string>>): Promise<Ran> {
    const values = {
      ...Object.fromEntries(Object.entries(inputs).map(([name, row]) => [name, row.default ?? ''])),
      ...given,
    };
    const filled = (text: string): string =>
      text.replace(/\$\{\{ inputs\.(\w+) \}\}/g, (_, name) => values[name] ?? '?');
    let output = '';
    for (const step of runs.steps) {
      const [, name = '', operator = ''] = /^inputs\.(\w+) (==|!=) ''$/.exec(step.if ?? '') ?? [];
      if (step.if !== undefined && (values[name] === '') !== (operator === '==')) continue;
      const own = Object.fromEntries(
        Object.entries(step.env ?? {}).map(([key, text]) => [key, filled(text)]),
      );
      expect(step.run, 'a secret in a script is in its log').not.toContain('${{');
      const github = {
        GITHUB_ACTIONS: 'true',
        GITHUB_ENV: join(folder, 'github-env'),
        GITHUB_PATH: join(folder, 'github-path'),
        PATH: [...added(), env.PATH].join(':'),
        KEYTAB_B64: '',
      };
      const ran = await bash(step.run, { ...github, ...own });
      output += ran.output;
      if (ran.status !== 0) return { status: ran.status, output };
    }
    return { status: 0, output };
  }

  it('runs a command with tickets, and leaves none', async () => {
    const keytab = env.KEYTAB_B64!;
    const ran = await use({ keytab, service: 'HTTP/web.example.com', run: './deploy.sh\nexit 0' });
    expect(ran.status, ran.output).toBe(0);
    expect(ran.output).toMatch(/^::add-mask::/);
    expect(ran.output).toContain('HTTP/web.example.com@EXAMPLE.COM');
    expect(deployed()).toBe('as []\n');
    expect([readdirSync(temporary), existsSync(join(folder, 'github-env'))]).toEqual([[], false]);
  });

  it('installs krb5kit into a folder of its own', async () => {
    installByNpm();
    const ran = await use({ keytab: env.KEYTAB_B64!, run: './deploy.sh', version: '1.2.3' });
    expect(ran.status, ran.output).toBe(0);
    expect(ran.output).toContain('got krb5kit@1.2.3');
    expect(ran.output).toContain('Default principal: job@EXAMPLE.COM');
  });

  it("leaves the command the job's variables", async () => {
    const job = { SERVICE: 'web', PRINCIPAL: 'me', COMMAND: 'make', VERSION: '1.2', MIN: '5' };
    env = { ...env, ...job };
    const shown = Object.keys(job).map(name => `$${name}`);
    const ran = await use({ keytab: env.KEYTAB_B64!, run: `echo "shown: ${shown.join(' ')}"` });
    expect(ran.output).toContain('shown: web me make 1.2 5\n');
  });

  it('passes the exit status of the command on', async () => {
    expect((await use({ keytab: env.KEYTAB_B64!, run: 'false; true' })).status).toBe(1);
    expect((await use({ keytab: env.KEYTAB_B64!, run: 'exit 7' })).status).toBe(7);
  });

  it('gets tickets for the steps that follow', async () => {
    const ran = await use({ keytab: env.KEYTAB_B64!, principal: 'job', service: 'HTTP/web.example.com' });
    expect(ran.status, ran.output).toBe(0);
    const [, KRB5CCNAME = ''] =
      /^KRB5CCNAME=(.*)\n$/.exec(readFileSync(join(folder, 'github-env'), 'utf8')) ?? [];
    const next = await bash('krb5kit klist', { KRB5CCNAME });
    expect(next.output).toContain('HTTP/web.example.com@EXAMPLE.COM');
    expect((await bash('krb5kit kdestroy -q', { KRB5CCNAME })).status).toBe(0);
  });

  it('fails without a keytab', async () => {
    const ran = await use({ keytab: '', run: './deploy.sh' });
    expect([ran.status, ran.output]).toEqual([
      1,
      'krb5kit run: Cannot read keytab: the variable that --keytab-env names is not set, or empty\n',
    ]);
    expect(existsSync(join(folder, 'deployed'))).toBe(false);
  });
});

type Template = Readonly<
  Record<
    string,
    {
      readonly variables: Readonly<Record<string, string>>;
      readonly before_script: readonly string[];
      readonly script?: readonly string[];
      readonly after_script?: readonly string[];
    }
  >
>;

describe('the template for GitLab', () => {
  const jobs = read<Template>('gitlab.yml');

  /** Does what GitLab does with a job: variables are expanded, and what comes after it has a shell of its own. */
  async function runJob(
    name: string,
    script: readonly string[],
    given: Readonly<Record<string, string>> = {},
  ) {
    const job = jobs[name]!;
    const known: Record<string, string> = {
      CI_PROJECT_DIR: join(folder, 'project'),
      CI_JOB_ID: '4711',
      GITLAB_CI: 'true',
    };
    for (const [key, text] of Object.entries(job.variables)) {
      known[key] = text.replace(/\$(CI_\w+)/g, (_, inner: string) => known[inner] ?? '?');
    }
    const variables = { ...known, ...given };
    const main = await bash([...job.before_script, ...script].join('\n'), variables);
    const after = await bash((job.after_script ?? []).join('\n'), variables);
    return { main, after, known };
  }

  it('gives all commands of a job tickets, which are destroyed after it', async () => {
    const { main, after, known } = await runJob('.kerberos', ['./deploy.sh'], {
      KERBEROS_SERVICE: 'HTTP/web.example.com',
    });
    expect(main.status, main.output).toBe(0);
    expect(main.output).toContain('HTTP/web.example.com@EXAMPLE.COM');
    expect([after.status, after.output]).toEqual([0, '']);
    expect(known.KRB5CCNAME).toBe(`FILE:${join(folder, 'project')}.tmp/krb5cc_4711`);
    expect(readdirSync(join(folder, 'project.tmp'))).toEqual([]);
  });

  it('installs krb5kit into a folder of its own', async () => {
    installByNpm();
    const { main, after } = await runJob('.kerberos', ['./deploy.sh'], { KRB5KIT_VERSION: '1.2.3' });
    expect(main.status, main.output).toBe(0);
    expect(main.output).toContain('got krb5kit@1.2.3');
    expect([after.status, after.output]).toEqual([0, '']);
    const job = jobs['.kerberos-run']!;
    const run = await runJob('.kerberos-run', job.script!, { KERBEROS_RUN: './deploy.sh' });
    expect(run.main.status, run.main.output).toBe(0);
  });

  it('runs a command with tickets that are kept alive', async () => {
    const job = jobs['.kerberos-run']!;
    const { main } = await runJob('.kerberos-run', job.script!, { KERBEROS_RUN: './deploy.sh; exit 3' });
    expect(main.status, main.output).toBe(3);
    expect(main.output).toContain('Default principal: job@EXAMPLE.COM');
    expect(deployed()).toBe('as []\n');
    expect(readdirSync(temporary)).toEqual([]);
  });
});
