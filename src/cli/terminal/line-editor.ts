import { bytesToText } from '../../codec/text.ts';
import { MAX_LINE } from './input.ts';

/** What one key did: more is wanted, or the line is over in one of these ways. */
export type EditorState = 'more' | 'done' | 'eof' | 'interrupt' | 'quit' | 'suspend';

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const LF = 0x0a;
const CR = 0x0d;
const CTRL_U = 0x15;
const CTRL_V = 0x16;
const CTRL_W = 0x17;
const CTRL_Z = 0x1a;
const CTRL_BACKSLASH = 0x1c;
const DELETE = 0x7f;

/** The line discipline of a terminal for a line that is not shown, as the kernel keeps it in its cooked mode. */
export class LineEditor {
  readonly #bytes = Buffer.alloc(MAX_LINE);
  #length = 0;
  /** Ctrl-D hands over what there is; only with nothing new does it end the input. */
  #handedOver = 0;
  #literal = false;

  /** Takes one byte from the keyboard. */
  press(byte: number): EditorState {
    if (this.#literal) {
      this.#literal = false;
      return this.#append(byte);
    }
    switch (byte) {
      case LF:
      case CR:
        return 'done';
      case CTRL_C:
        return 'interrupt';
      case CTRL_BACKSLASH:
        return 'quit';
      case CTRL_Z:
        return 'suspend';
      case CTRL_D:
        return this.#endOfFile();
      case BACKSPACE:
      case DELETE:
        return this.#cutTo(this.#previousCharacter());
      case CTRL_W:
        return this.#cutTo(this.#previousWord());
      case CTRL_U:
        return this.#cutTo(this.#handedOver);
      case CTRL_V:
        this.#literal = true;
        return 'more';
      default:
        return this.#append(byte);
    }
  }

  get text(): string {
    return bytesToText(this.#bytes.subarray(0, this.#length));
  }

  clear(): void {
    this.#bytes.fill(0);
    this.#length = 0;
    this.#handedOver = 0;
  }

  #append(byte: number): EditorState {
    if (this.#length < MAX_LINE) this.#bytes[this.#length++] = byte;
    return 'more';
  }

  #endOfFile(): EditorState {
    if (this.#length === this.#handedOver) return this.#length === 0 ? 'eof' : 'done';
    this.#handedOver = this.#length;
    return 'more';
  }

  #cutTo(length: number): EditorState {
    this.#bytes.fill(0, length, this.#length);
    this.#length = length;
    return 'more';
  }

  #previousCharacter(): number {
    let at = this.#length;
    if (at > this.#handedOver) at--;
    while (at > this.#handedOver && (this.#bytes[at]! & 0xc0) === 0x80) at--;
    return at;
  }

  #previousWord(): number {
    let at = this.#length;
    while (at > this.#handedOver && this.#bytes[at - 1] === 0x20) at--;
    while (at > this.#handedOver && this.#bytes[at - 1] !== 0x20) at--;
    return at;
  }
}
