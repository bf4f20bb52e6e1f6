/** Notices that another server, or another connection of this one, has changed the keys. */
import { Client, type ClientConfig } from 'pg';
import { systemTimers, type Timers } from '../../../limits/timers.js';
import type { StoreError } from '../../store-error.js';
import { explainConnectError, lostConnection, type ServerName } from './errors.js';
import { KEYS_CHANNEL } from './flavor.js';
import { CONNECT_TIMEOUT_MS, type PostgresServer } from './open-postgres.js';

/** How often a connection on which nothing comes is asked whether it is still there, in ms. */
export const CHECK_INTERVAL_MS = 5000;

/** How long the answer to that may take, in ms. */
export const CHECK_TIMEOUT_MS = 5000;

/** The pause before a lost connection is made again, in ms; it doubles with every attempt that fails. */
export const FIRST_RECONNECT_DELAY_MS = 100;
export const RECONNECT_DELAY_MAX_MS = 5000;

/** The most changes that are remembered as heard of; beyond, a change that is heard of late again counts twice. */
const RECENT_CHANGES_MAX = 1000;

export interface RevisionWatchOptions {
  readonly server: PostgresServer;
  /** Hears that the connection was lost; until it is back no revision is the same as another. */
  readonly onLost: (error: StoreError) => void;
  readonly timers?: Timers;
}

/**
 * Listens on a connection of its own and counts the changes. PostgreSQL sends a notice to every listening session as soon
 * as the transaction that made the change is committed, so that another server knows of a revocation after the time that
 * the notice takes, usually less than a millisecond; whatever this server changes itself it knows at once (dialect.ts).
 * While the connection is away every call gives another revision, so that nothing that was read before is trusted. A
 * connection that died in silence is noticed by a question at regular intervals: for at most 10 s it can seem to listen.
 */
export class RevisionWatch {
  readonly #config: ClientConfig;
  readonly #name: ServerName;
  readonly #onLost: (error: StoreError) => void;
  readonly #timers: Timers;
  readonly #recentChanges = new Set<string>();
  #client: Client | undefined;
  #isListening = false;
  #revision = 0;
  #failedAttempts = 0;
  #callOffTimer = () => {};
  #closed = false;

  private constructor({ server, onLost, timers = systemTimers }: RevisionWatchOptions) {
    this.#config = server.config;
    this.#name = server.name;
    this.#onLost = onLost;
    this.#timers = timers;
  }

  /** Rejects with a StoreError when there is no connection to be had. */
  static async open(options: RevisionWatchOptions): Promise<RevisionWatch> {
    const watch = new RevisionWatch(options);
    await watch.#connect();
    return watch;
  }

  /** The revision as of now. */
  current(): number {
    if (!this.#isListening) this.#revision += 1;
    return this.#revision;
  }

  /** Counts a change, by its name, however often it is heard of. */
  hear(change: string): void {
    if (this.#recentChanges.has(change)) return;
    const oldest = this.#recentChanges.values().next();
    if (this.#recentChanges.size >= RECENT_CHANGES_MAX && !oldest.done) this.#recentChanges.delete(oldest.value);
    this.#recentChanges.add(change);
    this.#revision += 1;
  }

  close(): void {
    this.#closed = true;
    this.#callOffTimer();
    if (this.#client !== undefined) cut(this.#client);
  }

  async #connect(): Promise<void> {
    const client = new Client(this.#config);
    this.#client = client;
    let failure: unknown;
    client.on('error', (error) => {
      failure = error;
    });
    client.on('end', () => {
      if (this.#isListening) this.#lose(failure);
    });
    client.on('notification', ({ payload = '' }) => this.hear(payload));
    const callOffDeadline = this.#timers.after(CONNECT_TIMEOUT_MS, () => cut(client));
    try {
      await client.connect();
      await client.query(`listen ${KEYS_CHANNEL}`);
    } catch (error) {
      cut(client);
      throw explainConnectError(error, this.#name);
    } finally {
      callOffDeadline();
    }
    this.#failedAttempts = 0;
    // What was changed meanwhile was not heard of.
    this.#revision += 1;
    this.#isListening = true;
    this.#checkLater(client);
  }

  #lose(failure: unknown): void {
    this.#isListening = false;
    if (this.#closed) return;
    this.#callOffTimer();
    this.#onLost(lostConnection(failure ?? new Error('it ended'), this.#name));
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    const delayMs = Math.min(RECONNECT_DELAY_MAX_MS, FIRST_RECONNECT_DELAY_MS * 2 ** this.#failedAttempts);
    this.#failedAttempts += 1;
    this.#callOffTimer = this.#timers.after(delayMs, () => {
      this.#connect().catch(() => {
        if (!this.#closed) this.#reconnectLater();
      });
    });
  }

  #checkLater(client: Client): void {
    this.#callOffTimer = this.#timers.after(CHECK_INTERVAL_MS, () => {
      this.#callOffTimer = this.#timers.after(CHECK_TIMEOUT_MS, () => cut(client));
      const next = () => {
        this.#callOffTimer();
        if (this.#isListening) this.#checkLater(client);
      };
      client.query('select 1').then(next, () => cut(client));
    });
  }
}

/** Ends a connection without waiting for the other side, which may not be there any more. */
function cut(client: Client): void {
  client.connection.stream.destroy();
}
