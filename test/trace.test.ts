import { describe, expect, it } from 'vitest';
import { getInitialCredential } from '../src/client/initial.ts';
import { KerberosError } from '../src/errors.ts';
import { parsePrincipal } from '../src/messages/principal.ts';
import { recordDecisions } from '../src/trace.ts';

describe('recorded decisions', () => {
  it('are kept in order, with their time and what they rest on, and told onward', () => {
    const told: unknown[] = [];
    const time = new Date(1_800_000_000_000);
    const { decisions, trace } = recordDecisions(
      () => time,
      (...decision) => told.push(decision),
    );
    trace('one');
    trace('two', { kind: 'referral', realm: 'B.TEST' });
    expect(decisions).toEqual([
      { time, text: 'one' },
      { time, text: 'two', fact: { kind: 'referral', realm: 'B.TEST' } },
    ]);
    expect(told).toEqual([
      ['one', undefined],
      ['two', { kind: 'referral', realm: 'B.TEST' }],
    ]);
  });

  it('are a thousand at most', () => {
    const { decisions, trace } = recordDecisions(() => new Date(0));
    for (let i = 0; i < 2000; i++) trace(`decision ${i}`);
    expect([decisions.length, decisions.at(-1)?.text]).toEqual([1000, 'decision 999']);
  });
});

it('the error of a failed exchange carries what was tried', async () => {
  const transport = () => Promise.reject(new KerberosError('KDC_UNREACHABLE', 'nobody there'));
  const password = async () => 'secret';
  const error = await getInitialCredential(parsePrincipal('alice@A.TEST'), { password }, { transport }).catch(
    error => error,
  );
  expect(error.tried.map(({ text }: { text: string }) => text)).toContainEqual(
    expect.stringMatching(/^Sending AS-REQ for alice@A\.TEST \(\d+ bytes\) to A\.TEST$/),
  );
});
