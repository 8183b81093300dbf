import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { differences } from '../support/differences.ts';
import { judge, labelOf, unexplained } from '../support/differential.ts';
import { describePeer } from '../support/peers.ts';
import { exampleOf } from './differential/examples.ts';
import { everything, groups, sampleOf } from './differential/groups.ts';
import { kcmWorld, keyringWorld } from './differential/shared-worlds.ts';
import { storiesOf } from './differential/stories.ts';
import { type Lab, startLab } from './differential/world.ts';

vi.setConfig({ testTimeout: 3_600_000 });

describePeer('mit-kadmind', () => describePeer('mit-keytab', () => describePeer('mit-client', suite)));

/** A sample of the cases, the same ones each time; with TEST_DIFFERENTIAL=all in the environment, all of them. */
function suite(): void {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab?.stop());

  describe('both programs do the same but for what the table says', () => {
    it.each(Object.keys(groups))('%s', async name => {
      expect(await unexplained(sampleOf(groups[name]!), lab.files)).toEqual([]);
    });

    it.each(few(['DIR:$D/fresh', 'FILE:$D/fresh', 'DIR:$D/dir', 'DIR::$D/dir/tktalice'], 2))(
      'a life in %s',
      async name => {
        expect(await unexplained(storiesOf(name), lab.files)).toEqual([]);
      },
    );

    describePeer('keyutils', () =>
      it('a life in keyrings', async () => {
        const world = keyringWorld(lab.files);
        try {
          expect(
            await unexplained(storiesOf(...few(['KEYRING:session:life', 'KEYRING:life'], 1)), world),
          ).toEqual([]);
        } finally {
          await world.stop();
        }
      }),
    );

    describe.each(['agent', 'heimdal'] as const)('in the caches of a server: %s', server => {
      const suiteOf = server === 'agent' ? () => inServer() : () => describePeer('heimdal-kcm', inServer);
      function inServer(): void {
        it('a life there', async () => {
          const world = await kcmWorld(server, lab.files);
          try {
            expect(await unexplained(storiesOf('KCM:'), world)).toEqual([]);
          } finally {
            await world.stop();
          }
        });
      }
      suiteOf();
    });
  });

  describe('differs, and by nothing else', () => {
    it.each(differences.map(difference => [difference.name, difference] as const))(
      '%s',
      async (_, difference) => {
        const example = exampleOf(difference);
        const server = difference.withServer ? await kcmWorld('agent', lab.files) : undefined;
        onTestFinished(() => server?.stop());
        const { our, their, explainedBy } = await judge(example, server ?? lab.files);
        expect(our, labelOf(example)).toBe(their);
        expect(explainedBy.map(({ name }) => name)).toContain(difference.name);
      },
    );
  });
}

/** The first ones, unless all are asked for. */
function few<T>(all: readonly T[], count: number): readonly T[] {
  return everything ? all : all.slice(0, count);
}
