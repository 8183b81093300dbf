import { afterAll, beforeAll, describe, it } from 'vitest';
import { describePeer, findProgram } from '../support/peers.ts';
import { Cell } from './matrix/cell.ts';
import { heimdal } from './matrix/heimdal.ts';
import { mit } from './matrix/mit.ts';
import { own } from './matrix/own.ts';
import type { Column, Realm } from './matrix/realm.ts';
import { rows } from './matrix/rows.ts';
import { samba } from './matrix/samba.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the peer has not got what this cell is about. */
    lacks?: string;
  }
}

/** A domain of Active Directory is made in seconds, but not on a machine that is busy with something else. */
const START_MILLISECONDS = 180_000;

describePeer('mit-client', () => {
  for (const column of [mit, heimdal, samba, own]) {
    const suite = column.peers.reduce(
      (inner, name) => () => describePeer(name, inner),
      () => cells(column),
    );
    describe(column.title, suite);
  }
});

/** A test for each row; where the peer has not got it, the test is that it fails there. */
function cells(column: Column): void {
  const { start, lacks } = column;
  let realm: Realm;
  beforeAll(async () => {
    realm = await start();
  }, START_MILLISECONDS);
  afterAll(() => realm?.stop());

  for (const { name, needs, program, run } of rows) {
    const reason = needs && lacks[needs];
    const skip = program !== undefined && findProgram(program) === undefined;
    it.skipIf(skip)(
      reason === undefined ? name : `has not got: ${name}`,
      { fails: reason !== undefined, concurrent: true },
      async ({ task }) => {
        if (reason !== undefined) task.meta.lacks = reason;
        await run(new Cell((needs && realm.elsewhere?.[needs]) ?? realm));
      },
    );
  }
}
