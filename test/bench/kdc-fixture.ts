import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { type Line, median, type Row } from './measure.ts';

const RUNS = 15;

/** What a test does: a realm with three principals, its ticket-granting service among them, and a first ticket that is verified. */
const program = `
  import { getInitialCredential, parsePrincipal, startKdc } from ${JSON.stringify(pathToFileURL('dist/kdc.js').href)};
  const realm = { realm: 'LAB.TEST', users: [{ name: 'alice', password: 'secret' }], services: ['HTTP/localhost'] };
  const kdc = await startKdc(realm);
  const alice = parsePrincipal('alice', { defaultRealm: kdc.realm });
  const password = async () => 'secret';
  const { credential } = await getInitialCredential(alice, { password }, { transport: kdc.transport });
  if (credential.client.components[0] !== 'alice') process.exitCode = 1;
  await kdc.close();`;

export default {
  title: `A realm in a test, started, asked for a ticket and closed: the whole process beside bare node, ms, medians of ${RUNS} runs in turn`,
  lines: [{ cells: {}, column: 'times bare node', better: 'lower', bound: 2.3 }] satisfies Line[],
  async run(): Promise<Row[]> {
    const bare: number[] = [];
    const fixture: number[] = [];
    for (let i = 0; i <= RUNS; i++) {
      const times = [took(''), took(program)] as const;
      if (i === 0) continue;
      bare.push(times[0]);
      fixture.push(times[1]);
    }
    const ratio = median(fixture.map((time, i) => time / bare[i]!));
    return [{ 'bare node': median(bare), fixture: median(fixture), 'times bare node': ratio }];
  },
};

function took(code: string): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - start;
}
