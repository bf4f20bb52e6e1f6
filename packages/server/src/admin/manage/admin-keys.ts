/** Makes, lists and revokes the keys of operators. */
import { type AdminKey, mintAdminKey } from '../../accounts/admin-key.js';
import { newId } from '../../accounts/api-key.js';
import type { AdministrationParts } from '../administration.js';
import { notThere, readNewName } from '../input/read-names.js';
import type { AdminKeyCreation } from '../shapes/admin-key.js';

/** An admin key that has just been made, in plain text for the only time. */
export interface IssuedAdminKey {
  readonly key: string;
  readonly adminKey: AdminKey;
}

export class AdminKeyManager {
  readonly #parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.#parts = parts;
  }

  async create({ name }: AdminKeyCreation, actor: string): Promise<IssuedAdminKey> {
    const { stores, hasher, clock } = this.#parts;
    const key = mintAdminKey();
    const createdAt = clock.now();
    const newKey = {
      id: newId('adminkey'),
      name: readNewName(name, 'key'),
      hash: hasher.hash(key),
      lastFour: key.slice(-4),
      createdAt,
    };
    return { key, adminKey: await stores.adminKeys.createAdminKey(newKey, { actor, at: createdAt }) };
  }

  /** In the order of their creation. */
  list(): Promise<AdminKey[]> {
    return this.#parts.stores.adminKeys.listAdminKeys();
  }

  /** A key that is revoked already stays as it is. */
  async revoke(id: string, actor: string): Promise<AdminKey> {
    const { stores, clock } = this.#parts;
    const revoked = await stores.adminKeys.revokeAdminKey(id, { actor, at: clock.now() });
    if (revoked === undefined) throw notThere('admin key', id);
    return revoked;
  }
}
