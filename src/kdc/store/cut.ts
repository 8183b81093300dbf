import { fstatSync, readSync } from 'node:fs';

// The part of LMDB's file format that shows whether a file has been truncated: reading beyond the end of a mapped file
// kills the process. Good files, too, may be shorter than their last page number says, because pages that were released
// before they were written are missing; so only pages that others point to count.

const PAGE_SIZE_AT = 48;
const FREE_ROOT_AT = 88;
const MAIN_ROOT_AT = 136;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;
const MAX_PAGE_SIZE = 1 << 16;

const FLAGS_AT = 18;
const LOWER_AT = 20;
const LENGTH_AT = 20;
const PAGE_HEADER_BYTES = 24;
const BRANCH = 1;
const LEAF = 2;
const LONG_VALUE = 4;

const NODE_HEADER_BYTES = 8;
/** The value lies in pages of its own. */
const OVERFLOW = 1;

/** Of a tree without a page. */
const NO_PAGE = 0xffffffff_ffffffffn;

/** Whether an open file of LMDB's lacks pages that it needs. */
export function isCut(fd: number): boolean {
  for (;;) {
    const meta = newestMeta(fd);
    if (meta === 'cut' || meta === 'unknown') return meta === 'cut';
    if (!lacksPages(fd, meta)) return false;
    // A writer may have changed the tree while it was read.
    const now = newestMeta(fd);
    if (typeof now === 'string' || now.transaction === meta.transaction) return true;
  }
}

interface Meta {
  readonly pageSize: number;
  readonly transaction: bigint;
  readonly lastPage: bigint;
  readonly roots: readonly bigint[];
}

/** The newer of the two pages that describe the file; `unknown` where words have 32 bits and all lies elsewhere. */
function newestMeta(fd: number): Meta | 'cut' | 'unknown' {
  const first = read(fd, 0, META_BYTES);
  if (first === undefined) return 'cut';
  const pageSize = first.readUInt32LE(PAGE_SIZE_AT);
  if (pageSize < META_BYTES || pageSize > MAX_PAGE_SIZE || (pageSize & (pageSize - 1)) !== 0)
    return 'unknown';
  const second = read(fd, pageSize, META_BYTES);
  if (second === undefined) return 'cut';
  const isFirst = first.readBigUInt64LE(TRANSACTION_AT) > second.readBigUInt64LE(TRANSACTION_AT);
  const newest = isFirst ? first : second;
  return {
    pageSize,
    transaction: newest.readBigUInt64LE(TRANSACTION_AT),
    lastPage: newest.readBigUInt64LE(LAST_PAGE_AT),
    roots: [FREE_ROOT_AT, MAIN_ROOT_AT].map(at => newest.readBigUInt64LE(at)),
  };
}

function lacksPages(fd: number, { pageSize, lastPage, roots }: Meta): boolean {
  // Read after the meta page: a file grows before its meta page refers to the new pages.
  const pages = Math.floor(fstatSync(fd).size / pageSize);
  if (lastPage < pages) return false;
  const seen = new Set<bigint>();
  const next = [...roots];
  for (let page = next.pop(); page !== undefined; page = next.pop()) {
    if (page === NO_PAGE || seen.has(page)) continue;
    const bytes = page < pages ? read(fd, Number(page) * pageSize, pageSize) : undefined;
    if (bytes === undefined || page + BigInt(lengthOf(bytes)) > pages) return true;
    seen.add(page);
    next.push(...pagesIn(bytes));
  }
  return false;
}

/** The number of pages at once: only the first page of a long value has a header. */
function lengthOf(bytes: Buffer): number {
  return bytes.readUInt16LE(FLAGS_AT) & LONG_VALUE ? bytes.readUInt32LE(LENGTH_AT) : 1;
}

/** The pages that a page points to. */
function pagesIn(bytes: Buffer): bigint[] {
  const kind = bytes.readUInt16LE(FLAGS_AT);
  if ((kind & (BRANCH | LEAF)) === 0) return [];
  const found: bigint[] = [];
  const end = Math.min(PAGE_HEADER_BYTES + bytes.readUInt16LE(LOWER_AT), bytes.length - 1);
  for (let at = PAGE_HEADER_BYTES; at < end; at += 2) {
    const node = PAGE_HEADER_BYTES + bytes.readUInt16LE(at);
    if (node + NODE_HEADER_BYTES > bytes.length) continue;
    const flags = bytes.readUInt16LE(node + 4);
    if (kind & BRANCH) {
      found.push(BigInt(bytes.readUInt32LE(node)) | (BigInt(flags) << 32n));
    } else if (flags & OVERFLOW) {
      const value = node + NODE_HEADER_BYTES + bytes.readUInt16LE(node + 6);
      if (value + 8 <= bytes.length) found.push(bytes.readBigUInt64LE(value));
    }
  }
  return found;
}

function read(fd: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(fd, bytes, 0, length, position) === length ? bytes : undefined;
}
