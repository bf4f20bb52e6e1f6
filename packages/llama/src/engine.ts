/** The engine behind the link: what each frame of the server leads to. */
import { errorBody, toApiError } from '@plumb/wire';
import { checkAbilities, checkPrefix } from './abilities.js';
import type { Connection } from './connection.js';
import { Generation, type GenerationOutput } from './generation/generation.js';
import { readSampling } from './generation/sampling.js';
import { type CountJob, FromEngine, type GenerateJob, type LoadOptions, ToEngine } from './link/index.js';
import { type LoadedModel, loadModel } from './load-model.js';
import { systemProcessors } from './scheduling/processor-readings.js';
import { Scheduler } from './scheduling/scheduler.js';
import { ThreadGovernor } from './scheduling/thread-governor.js';

export class Engine {
  readonly #loaded: LoadedModel;
  readonly #connection: Connection;
  readonly #scheduler: Scheduler;
  readonly #generations = new Map<number, Generation>();

  /**
   * Loads the model and tells the server that requests can be answered.
   *
   * @throws Error with a sentence for the operator when the model cannot be loaded.
   */
  static async start(options: LoadOptions, connection: Connection): Promise<Engine> {
    const loaded = await loadModel(options);
    await loaded.archive?.restore(loaded.sequences);
    connection.send(FromEngine.ready, 0, JSON.stringify(loaded.description));
    return new Engine(loaded, options, connection);
  }

  private constructor(loaded: LoadedModel, options: LoadOptions, connection: Connection) {
    this.#loaded = loaded;
    this.#connection = connection;
    this.#scheduler = new Scheduler({
      model: loaded.model,
      sequences: loaded.sequences,
      governor: new ThreadGovernor(options.threads, systemProcessors, (threads) => loaded.model.setThreads(threads)),
      link: connection,
      prefillTokens: options.prefillTokens,
      usesGpu: options.gpuLayers > 0,
      onDecodeError: (error) => process.stderr.write(`llama.cpp could not decode: ${String(error)}\n`),
    });
  }

  /** Ends all generations and keeps what is to be kept; the engine is of no use afterwards. */
  async stop(): Promise<void> {
    await this.#scheduler.stop();
    await this.#loaded.archive?.save(this.#loaded.sequences.kept());
  }

  /** Does what a frame says. Frames of kinds that are not known are ignored. */
  handle(kind: number, stream: number, payload: Buffer): void {
    if (kind === ToEngine.generate) this.#answer(stream, () => this.#generate(stream, parse<GenerateJob>(payload)));
    else if (kind === ToEngine.count) this.#answer(stream, () => this.#count(stream, parse<CountJob>(payload)));
    else if (kind === ToEngine.abort) this.#abort(stream);
  }

  /** Runs a step that can refuse a request, and says so to the server if it does. */
  #answer(stream: number, step: () => void): void {
    try {
      step();
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.kind === 'server_error') process.stderr.write(`${describe(thrown)}\n`);
      this.#send(FromEngine.failed, stream, { status: error.status, body: errorBody(error) });
    }
  }

  #generate(stream: number, job: GenerateJob): void {
    const { request, thinking } = job;
    checkAbilities(request);
    const { planner, prompts, samplers, kit } = this.#loaded;
    const plan = planner.plan(request);
    const prompt = prompts.build(request, thinking, job);
    checkPrefix(prompt, plan, kit.constraints);
    const isOwn = prompt.mustCloseThinking || plan.grammar !== undefined || plan.calls !== undefined;
    const sampling = samplers.lease(readSampling(request, thinking), isOwn);
    const generation = new Generation({ job, prompt, plan, sampling, kit, output: this.#outputOf(stream) });
    this.#generations.set(stream, generation);
    this.#scheduler.submit(generation);
  }

  #count(stream: number, job: CountJob): void {
    const { request, thinking } = job;
    this.#send(FromEngine.counted, stream, { prompt_tokens: this.#loaded.prompts.count(request, thinking, job) });
  }

  /** An abort can cross with the end of its generation on the link; then there is nothing left to stop. */
  #abort(stream: number): void {
    const generation = this.#generations.get(stream);
    if (generation !== undefined) this.#scheduler.abort(generation);
  }

  #outputOf(stream: number): GenerationOutput {
    return {
      begun: () => this.#connection.send(FromEngine.begun, stream, ''),
      events: (text) => this.#connection.send(FromEngine.events, stream, text),
      end: (end) => this.#finish(FromEngine.end, stream, end),
      failed: (failure) => this.#finish(FromEngine.failed, stream, failure),
    };
  }

  #finish(kind: number, stream: number, payload: object): void {
    this.#generations.delete(stream);
    this.#send(kind, stream, payload);
  }

  #send(kind: number, stream: number, payload: object): void {
    this.#connection.send(kind, stream, JSON.stringify(payload));
  }
}

function parse<Job>(payload: Buffer): Job {
  return JSON.parse(payload.toString('utf8')) as Job;
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
