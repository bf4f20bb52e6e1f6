/**
 * One settlement as a line of a journal: the version of the form, a checksum, and the settlement, packed. A line that was not
 * written to its end is known by either.
 */
import { crc32 } from 'node:zlib';
import type { SettleOperation } from '../../ledger/ledger-store.js';
import { unpackSettlement } from '../../ledger/pack-settlement.js';

const VERSION = '1';
/** Hexadecimal digits of a checksum. */
const CHECKSUM_LENGTH = 8;
const HEAD_LENGTH = VERSION.length + CHECKSUM_LENGTH + 2;

/** The line of a packed settlement, with its line feed. */
export function writeRecord(packed: string): string {
  return `${VERSION} ${checksumOf(packed)} ${packed}\n`;
}

/** The settlement of a line without its line feed; undefined when it is not a whole one. */
export function readRecord(line: string): SettleOperation | undefined {
  const packed = line.slice(HEAD_LENGTH);
  return line.slice(0, HEAD_LENGTH) === `${VERSION} ${checksumOf(packed)} ` ? unpackSettlement(packed) : undefined;
}

function checksumOf(packed: string): string {
  return crc32(packed).toString(16).padStart(CHECKSUM_LENGTH, '0');
}
