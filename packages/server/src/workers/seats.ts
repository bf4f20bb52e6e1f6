/** What each worker is to be: its part of the configuration that holds, and what operators have changed meanwhile. */
import { mergeReloadable } from '../assemble/reload.js';
import type { Config } from '../config/settings.js';
import type { Seat } from './dialogue.js';
import { Changes } from './operations/changes.js';
import { shareConfig } from './share-config.js';

export class Seats {
  readonly changes = new Changes();
  readonly #secret: string | undefined;
  /** At the start, which some settings stay as. */
  readonly #first: Config;
  /** What all workers have taken on. */
  #config: Config;
  /** The port that new workers ask for. */
  #port: number;
  /** The one that was taken. */
  #takenPort: number | undefined;

  constructor(config: Config, secret: string | undefined) {
    this.#first = config;
    this.#config = config;
    this.#port = config.port;
    this.#secret = secret;
  }

  /** Workers listen at a URL. */
  listening(url: string): void {
    this.#takenPort = Number(new URL(url).port);
  }

  /**
   * A seat for a worker that starts. A port that was free belongs to the workers that listen on it; while none does
   * (`isFirst`) it is asked for by its number.
   */
  take(index: number, isFirst: boolean): Seat {
    if (isFirst) this.#port = this.#takenPort ?? this.#port;
    return { config: this.partOf(this.#config, index), secret: this.#secret, changes: this.changes.list() };
  }

  /** The part that a worker has of a configuration. */
  partOf(config: Config, index: number): Config {
    const { port, workers } = this.#first;
    const part = shareConfig(config, { index, of: workers });
    return config.port === port ? { ...part, port: this.#port } : part;
  }

  /** All workers have taken a configuration on, as far as that is possible. */
  tookOn(next: Config): void {
    this.#config = mergeReloadable(this.#config, next);
    this.changes.reloaded();
  }
}
