/**
 * The engine process of an embedding model. It is one of its own: the chat model's scheduler owns the thread that computes
 * there, a crash takes only one of the two with it, and nothing has to be shared but this link.
 */
import { type EmbeddingResponse, encodeEvent, errorBody, toApiError, type Usage } from '@plumb/wire';
import type { Connection } from '../connection.js';
import { readGgufMetadata } from '../gguf-metadata.js';
import { type EmbedJob, FromEngine, type LoadOptions, ToEngine } from '../link/index.js';
import { describeEmbedder } from '../load-model.js';
import { NativeEmbedder } from '../native/native-embedder.js';
import { EmbeddingWork } from './embedding-work.js';
import { InputReader } from './input-reader.js';

export class EmbeddingEngine {
  readonly #connection: Connection;
  readonly #embedder: NativeEmbedder;
  readonly #reader: InputReader;
  readonly #fingerprint: string;
  /** Those that have inputs left; each in turn has one embedded, so that a long list holds up no short one. */
  readonly #works = new Map<number, EmbeddingWork>();
  #isRunning = false;

  /**
   * Loads the model and tells the server that embeddings can be made.
   *
   * @throws Error with a sentence for the operator when the model cannot be loaded.
   */
  static async start(options: LoadOptions, connection: Connection): Promise<EmbeddingEngine> {
    const metadata = readGgufMetadata(options.modelPath);
    const description = describeEmbedder(options, metadata);
    const { contextTokens } = description;
    const embedder = await NativeEmbedder.open({ ...options, contextTokens });
    const vocabularySize = metadata.arrays.get('tokenizer.ggml.tokens')?.length ?? 0;
    connection.send(FromEngine.ready, 0, JSON.stringify(description));
    const reader = new InputReader(embedder, { contextTokens, vocabularySize });
    return new EmbeddingEngine(connection, embedder, reader, description.fingerprint);
  }

  private constructor(connection: Connection, embedder: NativeEmbedder, reader: InputReader, fingerprint: string) {
    this.#connection = connection;
    this.#embedder = embedder;
    this.#reader = reader;
    this.#fingerprint = fingerprint;
  }

  /** Nothing is kept of embeddings. */
  async stop(): Promise<void> {}

  /** Does what a frame says; frames of other kinds are of no use here. */
  handle(kind: number, stream: number, payload: Buffer): void {
    if (kind === ToEngine.abort) this.#abort(stream);
    else if (kind === ToEngine.embed || kind === ToEngine.countInputs) {
      try {
        const job = JSON.parse(payload.toString('utf8')) as EmbedJob;
        if (kind === ToEngine.embed) this.#embed(stream, job);
        else this.#send(FromEngine.counted, stream, { prompt_tokens: this.#reader.count(job.request.input) });
      } catch (thrown) {
        this.#fail(stream, thrown);
      }
    }
  }

  #embed(stream: number, { model, request }: EmbedJob): void {
    const inputs = this.#reader.read(request, this.#embedder.dimensions);
    this.#works.set(stream, new EmbeddingWork(inputs, request, model));
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** One input of each work in turn, for as long as there are any. */
  async #run(): Promise<void> {
    while (this.#works.size > 0) {
      for (const [stream, work] of [...this.#works]) {
        if (!this.#works.has(stream)) continue;
        try {
          await this.#step(stream, work);
        } catch (thrown) {
          this.#works.delete(stream);
          this.#fail(stream, thrown, work.usage);
        }
      }
      await this.#connection.drained();
    }
    this.#isRunning = false;
  }

  async #step(stream: number, work: EmbeddingWork): Promise<void> {
    if (!work.hasBegun) this.#connection.send(FromEngine.begun, stream, '');
    const tokens = work.next();
    work.take(await this.#embedder.embed(tokens), tokens.length);
    if (!work.isDone || !this.#works.delete(stream)) return;
    const answer: EmbeddingResponse = work.answer();
    this.#connection.send(FromEngine.events, stream, encodeEvent(JSON.stringify(answer)));
    this.#send(FromEngine.end, stream, { usage: work.usage, finishReason: 'stop' });
  }

  /** An abort can cross with the end on the link; then there is nothing left to stop. */
  #abort(stream: number): void {
    const work = this.#works.get(stream);
    if (work === undefined) return;
    this.#works.delete(stream);
    this.#send(FromEngine.end, stream, { usage: work.usage, finishReason: 'aborted' });
  }

  #fail(stream: number, thrown: unknown, usage?: Usage): void {
    const error = toApiError(thrown);
    if (error.kind === 'server_error') process.stderr.write(`embedding with ${this.#fingerprint}: ${String(thrown)}\n`);
    this.#send(FromEngine.failed, stream, { status: error.status, body: errorBody(error), ...(usage && { usage }) });
  }

  #send(kind: number, stream: number, payload: object): void {
    this.#connection.send(kind, stream, JSON.stringify(payload));
  }
}
