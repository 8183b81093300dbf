import type { Io } from '../terminal.ts';
import { onSignals } from './program.ts';

/** SIGALRM, which asks for new tickets at once; there is nothing to be done about one that comes while they are got. */
export interface Alarm {
  onRing: () => void;
  release(): void;
}

/** Catches SIGALRM until `release` is called. */
export function catchAlarms(io: Io): Alarm {
  const alarm: Alarm = {
    onRing: () => undefined,
    release: onSignals(['SIGALRM'], () => alarm.onRing(), io),
  };
  return alarm;
}

/** Waits, no longer than until the alarm rings or the signal is aborted. */
export function nap(seconds: number, alarm: Alarm, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const rouse = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', rouse);
      resolve();
    };
    const timer = setTimeout(rouse, seconds * 1000);
    signal?.addEventListener('abort', rouse);
    alarm.onRing = rouse;
  });
}
