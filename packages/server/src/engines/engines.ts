/** What generates, by the name of the pool that the catalogue gives: a pool is an engine to whoever asks it. */
import { serviceUnavailable } from '@plumb/wire';
import { EMBEDDED_POOL, type ModelEntry } from '../catalog/model-entry.js';
import type { Engine, EngineDescription } from './engine.js';

/** The name of the embedded engine that makes embeddings, which is a process of its own. No pool can have it. */
export const EMBEDDED_EMBEDDINGS = 'embedded (embeddings)';

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
    const engine = this.#byName.get(nameOf(model));
    if (engine === undefined) throw serviceUnavailable({ detail: `no engine serves ${model.id}` });
    return engine;
  }

  /** Whether there is an engine for a model, ready or not. */
  has(model: ModelEntry): boolean {
    return this.#byName.has(nameOf(model));
  }

  /** What the engine of a model says of itself, while it can answer. */
  describe(model: ModelEntry): EngineDescription | undefined {
    return this.#byName.get(nameOf(model))?.description();
  }

  /** The names of the engines that cannot answer yet. */
  notReady(): string[] {
    return [...this.#byName].filter(([, engine]) => engine.description() === undefined).map(([name]) => name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((engine) => engine.close()));
  }
}

function nameOf({ pool, kind }: ModelEntry): string {
  return kind === 'embeddings' && pool === EMBEDDED_POOL ? EMBEDDED_EMBEDDINGS : pool;
}
