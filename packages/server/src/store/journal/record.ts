/**
 * One settlement as a line of a journal: the version of the form, a checksum, and a list in JSON. A line that was not
 * written to its end is known by either.
 */
import { crc32 } from 'node:zlib';
import type { SettleOperation } from '../../ledger/ledger-store.js';
import { AMOUNT_PLACES, pack, unpack } from '../../ledger/pack-settlement.js';

const VERSION = '1';
/** Hexadecimal digits of a checksum. */
const CHECKSUM_LENGTH = 8;
const HEAD_LENGTH = VERSION.length + CHECKSUM_LENGTH + 2;

/** The line of a settlement that keeps no answer, with its line feed. */
export function writeRecord(settlement: SettleOperation): string {
  const list = [...(pack(settlement) as readonly unknown[])];
  for (const place of AMOUNT_PLACES) if (typeof list[place] === 'bigint') list[place] = String(list[place]);
  const json = JSON.stringify(list);
  return `${VERSION} ${checksumOf(json)} ${json}\n`;
}

/** The settlement of a line without its line feed; undefined when it is not a whole one. */
export function readRecord(line: string): SettleOperation | undefined {
  const json = line.slice(HEAD_LENGTH);
  if (line.slice(0, HEAD_LENGTH) !== `${VERSION} ${checksumOf(json)} `) return undefined;
  // JSON has null for what is not there.
  const list = (JSON.parse(json) as unknown[]).map((value) => value ?? undefined);
  for (const place of AMOUNT_PLACES) if (typeof list[place] === 'string') list[place] = BigInt(list[place]);
  const operation = unpack(list as ReturnType<typeof pack>);
  return operation.kind === 'settle' ? operation : undefined;
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(CHECKSUM_LENGTH, '0');
}
