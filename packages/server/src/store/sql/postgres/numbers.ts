/** Numbers as PostgreSQL sends them, in the same JavaScript types as those of SQLite. */
import { type CustomTypesConfig, types } from 'pg';
import { toExactNumber } from '../exact-number.js';

/** Type `bigint`: what every whole number of ours is stored as, and what is counted (pg_type.dat in PostgreSQL). */
const INT8_OID = 20;
/** Type `numeric`: what sums of `bigint` are. */
const NUMERIC_OID = 1700;

/**
 * The parsers of a connection: integers are numbers while these are exact and bigints beyond, sums as well; fractions, such
 * as averages, are numbers. Everything else is as `pg` has it.
 */
export const exactNumbers: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const isText = format !== 'binary';
    if (isText && oid === INT8_OID) return (text: string) => toExactNumber(BigInt(text));
    if (isText && oid === NUMERIC_OID) return parseNumeric;
    return types.getTypeParser(oid, format as 'text');
  },
};

function parseNumeric(text: string): number | bigint {
  return /^-?\d+$/.test(text) ? toExactNumber(BigInt(text)) : Number(text);
}
