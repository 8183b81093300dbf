import type { Trace } from '../../trace.ts';
import type { Io } from '../terminal.ts';
import type { WaitingLine } from './waiting-line.ts';

/** Milliseconds without an answer before the line is shown. */
const PATIENCE = 1000;

/** A trace that shows on the terminal which servers the command is waiting for, while it waits. */
export function showWaits(io: Io): Trace {
  let line: WaitingLine | undefined;
  let timer: NodeJS.Timeout | undefined;
  let realm = '';
  const silent = new Set<string>();

  const begin = (): void => {
    timer ??= setTimeout(async () => {
      const { openWaitingLine } = await import('./waiting-line.ts');
      // An answer may have come meanwhile.
      if (timer !== undefined) line ??= openWaitingLine(io);
      line?.show(realm, silent);
    }, PATIENCE).unref();
  };
  const end = (): void => {
    clearTimeout(timer);
    timer = undefined;
    line?.erase();
    line = undefined;
    silent.clear();
  };
  return (_, fact) => {
    switch (fact?.kind) {
      case 'exchange':
        realm = fact.realm;
        begin();
        break;
      case 'sent':
        silent.add(fact.target);
        begin();
        line?.show(realm, silent);
        break;
      case 'failed':
        silent.delete(fact.target);
        line?.show(realm, silent);
        break;
      case 'answered':
      case 'unanswered':
        end();
    }
  };
}
