import type { Segment } from './packets.ts';

/** One direction of a connection. */
interface Stream {
  /** The number of the byte that comes next. */
  next: number;
  /** What came in order and is no whole message yet, and how long it is. */
  readonly parts: Uint8Array[];
  length: number;
  /** How long it has to be before it is worth a look. */
  wanted: number;
  /** What came too soon. */
  readonly early: Map<number, Uint8Array>;
  /** Something else than Kerberos is spoken. */
  foreign: boolean;
}

const MAX_STREAMS = 4096;
const MAX_EARLY = 256;
/** The length, and what shows whether a message follows. */
const HEADER = 11;
/** No message is longer. */
const MAX_MESSAGE = 1 << 20;

/** Puts the streams of TCP together, and takes the messages out of them by the length before each. */
export class StreamReader {
  private readonly streams = new Map<string, Stream>();
  private readonly fits: (message: Uint8Array, length: number) => boolean;

  /** `fits` tells a message of Kerberos by how it begins, and by its length. */
  constructor(fits: (message: Uint8Array, length: number) => boolean) {
    this.fits = fits;
  }

  /** The messages that a segment completes. */
  read(segment: Segment): readonly Uint8Array[] {
    const stream = this.streamOf(segment);
    if (stream === undefined || stream.foreign || segment.data.length === 0) return [];
    if (stream.early.size < MAX_EARLY) stream.early.set(segment.sequence, segment.data);
    while (takeNext(stream)) {
      // One after the other, as far as there is no gap.
    }
    return this.messagesIn(stream);
  }

  private streamOf({ from, to, sequence, first }: Segment): Stream | undefined {
    const name = `${from} ${to}`;
    const known = this.streams.get(name);
    if (known !== undefined && !first) return known;
    if (known === undefined && this.streams.size >= MAX_STREAMS) return undefined;
    // Its SYN counts as a byte. Without one, what is seen first is the beginning.
    const next = first ? (sequence + 1) >>> 0 : sequence;
    const stream = { next, parts: [], length: 0, wanted: HEADER, early: new Map(), foreign: false };
    this.streams.set(name, stream);
    return stream;
  }

  private messagesIn(stream: Stream): readonly Uint8Array[] {
    const messages: Uint8Array[] = [];
    while (stream.length >= stream.wanted) {
      const bytes = Buffer.concat(stream.parts);
      const length = bytes.readUInt32BE(0);
      if (length === 0 || length > MAX_MESSAGE || !this.fits(bytes.subarray(4), length)) {
        stream.foreign = true;
        stream.parts.length = 0;
        stream.early.clear();
        break;
      }
      const end = 4 + length;
      const whole = bytes.length >= end;
      if (whole) messages.push(Uint8Array.from(bytes.subarray(4, end)));
      const rest = whole ? bytes.subarray(end) : bytes;
      stream.parts.splice(0, stream.parts.length, rest);
      stream.length = rest.length;
      stream.wanted = whole ? HEADER : end;
    }
    return messages;
  }
}

/** Moves the segment that comes next to the others; what has been there already, sent again, goes. */
function takeNext(stream: Stream): boolean {
  for (const [sequence, data] of stream.early) {
    // Numbers wrap around.
    const behind = (stream.next - sequence) | 0;
    if (behind < 0) continue;
    stream.early.delete(sequence);
    if (behind >= data.length) return true;
    const fresh = data.subarray(behind);
    stream.parts.push(fresh);
    stream.length += fresh.length;
    stream.next = (stream.next + fresh.length) >>> 0;
    return true;
  }
  return false;
}
