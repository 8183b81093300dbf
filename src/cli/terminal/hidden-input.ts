import { ReadStream } from 'node:tty';
import { KerberosError } from '../../errors.ts';
import type { Io, ProcessLike } from '../terminal.ts';
import type { StdinBytes } from './input.ts';
import { type EditorState, LineEditor } from './line-editor.ts';

/** Signals that end the program, which must not happen while echo is off. */
const FATAL = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Reads a line from the terminal on stdin without echo, and restores the terminal in every case. */
export function readHidden(
  prompt: string,
  io: Pick<Io, 'out' | 'signal'>,
  input: StdinBytes,
  process: ProcessLike,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const keyboard = openKeyboard();
    const editor = new LineEditor();

    const finish = (settle: () => void): void => {
      keyboard.off('data', onData).off('end', onUnread).off('error', onUnread);
      // The settings of a terminal that has disappeared cannot be restored.
      keyboard.on('error', () => undefined);
      keyboard.setRawMode(false);
      keyboard.destroy();
      process.off('SIGINT', onInterrupt);
      for (const signal of FATAL) process.off(signal, onFatal);
      process.off('SIGCONT', onContinue);
      io.signal?.removeEventListener('abort', onInterrupt);
      io.out('\n');
      settle();
      editor.clear();
    };
    const fail = (error: unknown) => finish(() => reject(error));
    const onUnread = (cause?: unknown) =>
      fail(new KerberosError('PASSWORD_UNREAD', 'Cannot read password', { cause }));
    const onInterrupt = () => fail(new KerberosError('PASSWORD_INTERRUPTED', 'Password read interrupted'));
    const onFatal = (signal: NodeJS.Signals) => {
      finish(() => process.kill(process.pid, signal));
      reject(new KerberosError('PASSWORD_INTERRUPTED', 'Password read interrupted'));
    };
    // The shell has changed the mode meanwhile, and Node does not set raw mode twice.
    const onContinue = () => keyboard.setRawMode(false).setRawMode(true);

    const afterKey: Readonly<Record<EditorState, () => void>> = {
      more: () => undefined,
      done: () => finish(() => resolve(editor.text)),
      eof: onUnread,
      interrupt: onInterrupt,
      quit: () => onFatal('SIGQUIT'),
      suspend: () => {
        if (process.platform === 'win32') return onUnread();
        keyboard.setRawMode(false);
        process.kill(0, 'SIGTSTP');
      },
    };
    const onData = (keys: Uint8Array): void => {
      for (const [index, key] of keys.entries()) {
        const state = editor.press(key);
        if (state === 'more' || state === 'suspend') {
          afterKey[state]();
          continue;
        }
        input.unread(keys.subarray(index + 1).map(enterToLineFeed));
        afterKey[state]();
        return;
      }
    };

    keyboard.on('data', onData);
    keyboard.on('end', onUnread);
    keyboard.on('error', onUnread);
    process.on('SIGINT', onInterrupt);
    for (const signal of FATAL) process.on(signal, onFatal);
    process.on('SIGCONT', onContinue);
    io.signal?.addEventListener('abort', onInterrupt);
    keyboard.setRawMode(true);
    io.out(prompt);
    if (io.signal?.aborted) onInterrupt();
    else onData(input.takeUnread());
  });
}

/** In raw mode, the terminal does not translate the Enter key. */
function enterToLineFeed(key: number): number {
  return key === 0x0d ? 0x0a : key;
}

function openKeyboard(): ReadStream {
  try {
    return new ReadStream(0);
  } catch (cause) {
    throw new KerberosError('PASSWORD_UNREAD', 'Cannot read password', { cause });
  }
}
