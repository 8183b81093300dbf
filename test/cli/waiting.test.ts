import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { kinit } from '../../src/cli/kinit.ts';
import { runCommand } from '../../src/cli/run-command.ts';
import { showWaits } from '../../src/cli/terminal/waiting.ts';
import { scratch } from '../ccache/samples.ts';
import { type CaptureOptions, captureIo } from '../support/io.ts';
import { fakeKdc, krbError } from '../transport/fake-kdc.ts';

const KDC = { target: 'udp kdc1.example.org:88', bytes: 1 };
const erased = '\r\x1b[K';

/** What a terminal shows of facts and pauses. */
async function shown(
  facts: readonly (Parameters<ReturnType<typeof showWaits>>[1] | number)[],
  options: CaptureOptions = {},
): Promise<string> {
  const io = captureIo({ stderrIsTerminal: true, ...options });
  const trace = showWaits(io);
  for (const fact of facts) {
    if (typeof fact !== 'number') {
      trace('', fact);
      continue;
    }
    await vi.advanceTimersByTimeAsync(fact);
    // The line's own file is loaded by now.
    await vi.dynamicImportSettled();
  }
  expect(io.stdout).toBe('');
  return io.stderr;
}

describe('what is waited for', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  const begin = { kind: 'exchange', realm: 'A.TEST' } as const;
  const sent = { kind: 'sent', ...KDC } as const;
  const answered = { kind: 'answered', ...KDC } as const;
  const unanswered = { kind: 'unanswered', realm: 'A.TEST' } as const;
  const line = 'waiting for kdc1.example.org:88 (udp) ...';

  it('is shown after a second and erased by the answer', async () => {
    expect(await shown([begin, sent, 1001, answered])).toBe(`${line}${erased}`);
  });

  it('is erased where there is no answer', async () => {
    expect(await shown([begin, sent, 1001, unanswered])).toBe(`${line}${erased}`);
  });

  it('is not shown where the answer comes sooner, nor after it', async () => {
    expect(await shown([begin, sent, 900, answered, 5000])).toBe('');
  });

  it('is the realm as long as its servers are looked up, and then each of them', async () => {
    const second = { ...sent, target: 'tcp kdc2.example.org:88' };
    const third = { ...sent, target: 'tcp kdc3.example.org:88' };
    const failed = { kind: 'failed', reason: 'refused', target: KDC.target } as const;
    expect(await shown([begin, 1001, sent, second, third, failed, answered])).toBe(
      [
        'waiting for servers of A.TEST ...',
        line,
        'waiting for kdc1.example.org:88 (udp), kdc2.example.org:88 (tcp) ...',
        'waiting for kdc1.example.org:88 (udp), kdc2.example.org:88 (tcp), 1 more'
          .concat(' ...')
          .slice(0, 79),
        'waiting for kdc2.example.org:88 (tcp), kdc3.example.org:88 (tcp) ...',
        '',
      ].join(erased),
    );
  });

  it('is a server once, by each protocol', async () => {
    const stream = { ...sent, target: 'tcp kdc1.example.org:88' };
    expect(await shown([begin, sent, stream, 1001])).toBe('waiting for kdc1.example.org:88 (udp, tcp) ...');
  });

  it('is a line of its own where nothing can be erased', async () => {
    expect(await shown([begin, sent, 1001, answered], { env: { TERM: 'dumb' } })).toBe(`${line}\n`);
  });

  it('is not shown where nobody looks', async () => {
    expect(await shown([begin, sent, 1001, answered], { stderrIsTerminal: false })).toBe('');
  });

  it('cannot steer the terminal', async () => {
    const odd = { ...sent, target: 'udp \x1b[2Jhost:88' };
    expect(await shown([begin, odd, 1001])).toBe('waiting for ?[2Jhost:88 (udp) ...');
  });
});

it('kinit shows it on a terminal, and its error after it', async () => {
  const home = scratch();
  // It comes when the datagram is sent again, after two seconds. TCP would be tried after one, when the line is due.
  await using kdc = await fakeKdc({ udp: (_, count) => (count > 1 ? krbError(6) : undefined) });
  writeFileSync(
    join(home, 'krb5.conf'),
    `[libdefaults]\ndefault_realm = A.TEST\n[realms]\nA.TEST = {\nkdc = udp/127.0.0.1:${kdc.port}\n}\n`,
  );
  const env = { HOME: home, KRB5_CONFIG: join(home, 'krb5.conf'), KRB5CCNAME: join(home, 'cc') };
  const io = captureIo({ env, stdin: 'x\n', stderrIsTerminal: true });
  expect(await runCommand(kinit, ['alice'], io)).toBe(1);
  const pieces = io.stderr.split(erased);
  expect(pieces[0]).toMatch(/^waiting for 127\.0\.0\.1:\d+ \(udp\) \.\.\.$/);
  expect(pieces.at(-1)).toMatch(/^kinit: Client 'alice@A\.TEST' not found/);
});
