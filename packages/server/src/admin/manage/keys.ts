/** Makes, lists, changes and revokes the keys of accounts. */
import { type IssuedKey, issueKey } from '../../accounts/issue-key.js';
import type { KeyHolder } from '../../accounts/key-store.js';
import type { Limits } from '../../limits/limiter.js';
import type { AdministrationParts } from '../administration.js';
import { creationCursor, type Listed, readPage } from '../input/page.js';
import { invalid } from '../input/read-fields.js';
import { notThere, readModels, readNewAccountName, readNewName } from '../input/read-names.js';
import { readTime } from '../input/read-time.js';
import type { KeyChange, KeyCreation, KeyQuery } from '../shapes/key.js';
import type { AccountManager } from './accounts.js';

/** The name of a key that was given none. */
const UNNAMED_KEY = 'unnamed';

const cursor = creationCursor(({ key }: KeyHolder) => key);

export class KeyManager {
  readonly #parts: AdministrationParts;
  readonly #accounts: AccountManager;

  constructor(parts: AdministrationParts, accounts: AccountManager) {
    this.#parts = parts;
    this.#accounts = accounts;
  }

  /** `makeAccount`: whether an account of that name is made when there is none. */
  async create(input: KeyCreation, actor: string, { makeAccount = false } = {}): Promise<IssuedKey> {
    const { stores, hasher, clock, catalog } = this.#parts;
    const permissions = {
      name: readNewName(input.name ?? UNNAMED_KEY, 'key'),
      expiresAt: this.#readExpiry(input.expires_at) ?? undefined,
      limits: toLimits(input),
      models: input.models ? readModels(input.models, catalog) : undefined,
    };
    const owner = makeAccount
      ? await stores.accounts.findAccount(input.account)
      : await this.#accounts.find(input.account);
    const account =
      owner === undefined
        ? { accountName: readNewAccountName(input.account) }
        : { accountId: owner.account.id, accountName: owner.account.name };
    return issueKey({ keys: stores.keys, hasher, clock }, { ...account, ...permissions }, actor);
  }

  /** In the order of their creation. */
  async list({ account, ...page }: KeyQuery): Promise<Listed<KeyHolder>> {
    const accountId = account === undefined ? undefined : (await this.#accounts.find(account)).account.id;
    return readPage(page, cursor, (part) => this.#parts.stores.keys.listKeys({ accountId, ...part }));
  }

  async find(id: string): Promise<KeyHolder> {
    return requireKey(id, await this.#parts.stores.keys.getKey(id));
  }

  async change(id: string, input: KeyChange, actor: string): Promise<KeyHolder> {
    const { stores, clock, catalog } = this.#parts;
    const changes = {
      name: input.name === undefined ? undefined : readNewName(input.name, 'key'),
      expiresAt: this.#readExpiry(input.expires_at),
      limits: {
        requestsPerMinute: input.requests_per_minute,
        tokensPerMinute: input.tokens_per_minute,
        concurrentRequests: input.concurrent_requests,
      },
      models: input.models ? readModels(input.models, catalog) : input.models,
    };
    return requireKey(id, await stores.keys.changeKey(id, changes, { actor, at: clock.now() }));
  }

  /** A key that is revoked already stays as it is. */
  async revoke(id: string, actor: string): Promise<KeyHolder> {
    const { stores, clock } = this.#parts;
    return requireKey(id, await stores.keys.revokeKey(id, clock.now(), actor));
  }

  #readExpiry(text: string | null | undefined): number | null | undefined {
    if (text === undefined || text === null) return text;
    const at = readTime(text, 'expires_at');
    if (at <= this.#parts.clock.now()) throw invalid('`expires_at` has passed: it must be in the future.');
    return at;
  }
}

/** The limits of a new key; undefined when it has none. */
function toLimits(input: KeyCreation): Limits | undefined {
  const limits = {
    requestsPerMinute: input.requests_per_minute ?? undefined,
    tokensPerMinute: input.tokens_per_minute ?? undefined,
    concurrentRequests: input.concurrent_requests ?? undefined,
  };
  return Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined;
}

function requireKey(id: string, holder: KeyHolder | undefined): KeyHolder {
  if (holder === undefined) throw notThere('key', id);
  return holder;
}
