/** What generates, by the name of the pool that the catalogue gives: a pool is an engine to whoever asks it. */
import { serviceUnavailable } from '@plumb/wire';
import type { ModelEntry } from '../catalog/catalog.js';
import type { Engine, EngineDescription } from './engine.js';

export class Engines {
  readonly #byName: Map<string, Engine>;

  constructor(byName: ReadonlyMap<string, Engine>) {
    this.#byName = new Map(byName);
  }

  /** Adds a pool under a name that no other one has. */
  add(name: string, pool: Engine): void {
    this.#byName.set(name, pool);
  }

  /** Forgets a pool, which goes on with what it has; whoever removes it closes it. */
  remove(name: string): void {
    this.#byName.delete(name);
  }

  /** A pool by its name. */
  get(name: string): Engine | undefined {
    return this.#byName.get(name);
  }

  /** The engine that serves a model. Throws 503 where there is none. */
  lease(model: ModelEntry): Engine {
    const engine = this.#byName.get(model.pool);
    if (engine === undefined) throw serviceUnavailable({ detail: `no engine serves ${model.id}` });
    return engine;
  }

  /** What the engine of a model says of itself, while it can answer. */
  describe(model: ModelEntry): EngineDescription | undefined {
    return this.#byName.get(model.pool)?.description();
  }

  /** The names of the engines that cannot answer yet. */
  notReady(): string[] {
    return [...this.#byName].filter(([, engine]) => engine.description() === undefined).map(([name]) => name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((engine) => engine.close()));
  }
}
