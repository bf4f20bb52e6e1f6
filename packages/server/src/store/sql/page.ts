/** Pages of tables: what comes after the last row of the page before. */
import { type RawBuilder, type SqlBool, sql } from 'kysely';

/** True of rows that come after one with these values, in the order of these columns (names such as `accounts.id`). */
export function comesAfter(columns: readonly [string, string], values: readonly [number, string]): RawBuilder<SqlBool> {
  return sql`(${sql.ref(columns[0])}, ${sql.ref(columns[1])}) > (${values[0]}, ${values[1]})`;
}
