import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Line, median, type Row } from './measure.ts';

const RUNS = 15;

/** What a test does: a realm with three principals, its ticket-granting service among them, and a first ticket that is verified. */
const fixture = (listen: boolean): string => `
  const realm = { realm: 'LAB.TEST', users: [{ name: 'alice', password: 'secret' }], services: ['HTTP/localhost'] };
  const kdc = await startKdc({ ...realm, listen: ${listen} });
  const alice = parsePrincipal('alice', { defaultRealm: kdc.realm });
  const password = async () => 'secret';
  const { credential } = await getInitialCredential(alice, { password }, { transport: kdc.transport });
  if (credential.client.components[0] !== 'alice') process.exitCode = 1;
  await kdc.close();`;
const names = '{ getInitialCredential, parsePrincipal, startKdc }';

/** Each is measured beside a bare node that is started in the same way. */
const modules = [
  {
    module: 'ES',
    args: ['--input-type=module', '-e'],
    program: (dist: string, body: string) => `import ${names} from ${fileUrl(dist, 'kdc.js')};${body}`,
  },
  {
    module: 'CommonJS',
    args: ['-e'],
    program: (dist: string, body: string) =>
      `const ${names} = require(${JSON.stringify(join(dist, 'kdc.cjs'))}); (async () => {${body}})();`,
  },
] as const;

export default {
  title: `A realm in a test, started, asked for a ticket and closed: the whole process beside bare node, ms, medians of ${RUNS} runs in turn. It needs no socket where only its own process asks. A checkout has bytecode of krb5kit/kdc; a package comes without`,
  lines: [
    {
      cells: { sockets: 'no', bytecode: 'yes' },
      column: 'times bare node',
      better: 'lower',
      bound: 2.3,
    },
  ] satisfies Line[],
  async run(): Promise<Row[]> {
    const folder = mkdtempSync(join(tmpdir(), 'krb5kit-fixture-'));
    try {
      const dist = resolve('dist');
      const packed = withoutBytecode(dist, folder);
      return modules.flatMap(({ module, args, program }) => [
        { module, sockets: 'no', bytecode: 'yes', ...measure(args, program(dist, fixture(false))) },
        { module, sockets: 'yes', bytecode: 'yes', ...measure(args, program(dist, fixture(true))) },
        { module, sockets: 'no', bytecode: 'no', ...measure(args, program(packed, fixture(false))) },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** What of `dist` a fixture needs, as a package has it. */
function withoutBytecode(dist: string, folder: string): string {
  const packed = join(folder, 'dist');
  mkdirSync(join(packed, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const parts = readdirSync(join(dist, 'bin')).filter(name => /^kdcLibrary.*\.cjs$/.test(name));
  for (const file of ['kdc.js', 'kdc.cjs', ...parts.map(name => join('bin', name))]) {
    copyFileSync(join(dist, file), join(packed, file));
  }
  return packed;
}

function fileUrl(folder: string, name: string): string {
  return JSON.stringify(pathToFileURL(join(folder, name)).href);
}

function measure(args: readonly string[], program: string): Row {
  const bare: number[] = [];
  const fixture: number[] = [];
  for (let i = 0; i <= RUNS; i++) {
    const times = [took([...args, '']), took([...args, program])] as const;
    if (i === 0) continue;
    bare.push(times[0]);
    fixture.push(times[1]);
  }
  const ratio = median(fixture.map((time, i) => time / bare[i]!));
  return { 'bare node': median(bare), fixture: median(fixture), 'times bare node': ratio };
}

function took(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}
