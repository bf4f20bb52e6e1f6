/** Kept answers in SQL tables: the adapter of `idempotency/kept-answer.ts`, the same for every SQL dialect. */
import type { Kysely, Selectable } from 'kysely';
import type { KeptAnswer, KeptAnswerStore, KnownKey } from '../../idempotency/kept-answer.js';
import type { Tables } from './schema.js';

export class SqlKeptAnswerStore implements KeptAnswerStore {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  async find(accountId: string, key: string): Promise<KnownKey | undefined> {
    const row = await this.#database
      .selectFrom('idempotency_keys')
      .select(['fingerprint', 'expires_at', 'model', 'content'])
      .where('account_id', '=', accountId)
      .where('key', '=', key)
      .executeTakeFirst();
    return row === undefined ? undefined : { fingerprint: row.fingerprint, answer: readAnswer(row) };
  }

  async sweep(now: number, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database
      .deleteFrom('idempotency_keys')
      // Also here, because another server may claim the key of one while this statement waits for it.
      .where('expires_at', '<=', now)
      .where('claim_id', 'in', ({ selectFrom }) =>
        selectFrom('idempotency_keys').select('claim_id').where('expires_at', '<=', now).limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }
}

type AnswerRow = Pick<Selectable<Tables['idempotency_keys']>, 'expires_at' | 'model' | 'content'>;

function readAnswer({ expires_at, model, content }: AnswerRow): KeptAnswer | undefined {
  if (expires_at === null) return undefined;
  return { model: model ?? '', content: content ?? undefined, expiresAt: expires_at };
}
