/** Streams that start again when they have ended: how soon the first chunk comes, how late each one, and whether all do. */
import { EventCounter } from '../http/event-counter.js';
import { monotonicUs } from '../time/monotonic.js';
import { Connection } from './connection.js';
import { type LoadContext, type RunningLoad, waitForEnd } from './load.js';
import type { Beside, StreamShape } from './protocol.js';
import { writeRequest } from './write-request.js';

/** The first streams start over this time, in ms, so that their chunks are not due all at once. */
const STAGGER_MS = 800;

/** Starts so many streams. */
export function startStreams(context: LoadContext, streams: number, beside: Beside | undefined): RunningLoad {
  const shape = context.job.request.stream;
  if (shape === undefined) throw new Error('A load of streams has to ask for streams.');
  const clients = Array.from({ length: streams }, () => new StreamClient(context, shape));
  const timers = clients.map((client, index) =>
    setTimeout(() => client.next(), shape.paceUs === 0 ? 0 : (index / streams) * STAGGER_MS),
  );
  const stopBeside = beside === undefined ? () => {} : startBeside(context, beside);
  return {
    async stop(limitMs) {
      for (const timer of timers) clearTimeout(timer);
      for (const client of clients) client.isStopped = true;
      // Streams that are paced may be long: they are left as they are.
      if (shape.paceUs === 0) await waitForEnd(() => clients.some(({ isUnderWay }) => isUnderWay), limitMs);
      for (const client of clients) client.close();
      stopBeside();
    },
  };
}

class StreamClient {
  readonly #context: LoadContext;
  readonly #connection: Connection;
  readonly #counter: EventCounter;
  readonly #shape: StreamShape;
  #sentAtMs = 0;
  #chunks = 0;
  #isDone = false;
  isStopped = false;
  isUnderWay = false;
  /** When the bytes that are read just now came. */
  #receivedUs = 0;

  constructor(context: LoadContext, shape: StreamShape) {
    this.#context = context;
    this.#shape = shape;
    const isStamped = shape.paceUs > 0;
    this.#counter = new EventCounter(
      {
        chunk: (sentUs) => this.#readChunk(sentUs),
        done: () => {
          this.#isDone = true;
        },
      },
      isStamped,
    );
    const handler = {
      body: (bytes: Buffer, start: number, end: number) => {
        if (isStamped) this.#receivedUs = monotonicUs();
        this.#counter.push(bytes, start, end);
      },
      end: () => this.#finish(),
      broken: () => this.#finish(),
      refused: context.fail,
    };
    this.#connection = new Connection(context.job.target.port, handler, context.memory);
  }

  next(): void {
    if (this.isStopped) return;
    this.isUnderWay = true;
    this.#counter.reset();
    this.#chunks = 0;
    this.#isDone = false;
    this.#sentAtMs = performance.now();
    this.#connection.send(this.#context.request);
  }

  close(): void {
    this.#connection.close();
  }

  #readChunk(sentUs: number | undefined): void {
    const { recorder } = this.#context;
    this.#chunks += 1;
    if (!recorder.isOpen) return;
    recorder.chunks += 1;
    if (this.#chunks === 1) recorder.firstChunkMs.push(performance.now() - this.#sentAtMs);
    if (sentUs !== undefined) recorder.lateMs.push((this.#receivedUs - sentUs) / 1000);
  }

  #finish(): void {
    const { recorder } = this.#context;
    this.isUnderWay = false;
    if (recorder.isOpen) {
      if (this.#isDone && this.#chunks >= this.#shape.chunks) recorder.answers += 1;
      else recorder.lost += 1;
    }
    // Not from within the reading of a response: a stream that breaks at once would call itself for ever.
    if (this.#isDone) this.next();
    else setImmediate(() => this.next());
  }
}

/** Sends large requests one after the other, and returns what stops that. */
function startBeside(context: LoadContext, { bodyBytes, everyMs }: Beside): () => void {
  const request = writeRequest(context.job.target, { bodyBytes });
  let isWaiting = false;
  const end = () => {
    isWaiting = false;
  };
  const handler = { body() {}, end, broken: context.fail, refused: context.fail };
  const connection = new Connection(context.job.target.port, handler, context.memory);
  const timer = setInterval(() => {
    if (isWaiting) return;
    isWaiting = true;
    connection.send(request);
  }, everyMs);
  return () => {
    clearInterval(timer);
    connection.close();
  };
}
