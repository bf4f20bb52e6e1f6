/** Stands before the connections to an upstream, passes everything on as it is, and writes down what passed. */
import type { Dispatcher } from 'undici';
import type { Clock } from '../../../observe/clock.js';
import type { Connections } from '../../upstream/connections.js';
import { BODY_BYTES_MAX, IN_FLIGHT_BYTES_MAX } from '../format/limits.js';
import type { ExchangeLine, SkippedLine } from '../format/lines.js';
import { readSentRequest } from '../format/sent-request.js';
import { scrubPath } from '../scrub/secrets.js';
import type { CapturedExchange } from './capture.js';
import type { CassetteFile } from './cassette-file.js';
import { describeExchange } from './describe-exchange.js';
import { RecordingHandler } from './recording-handler.js';

export interface RecorderOptions {
  readonly file: CassetteFile;
  /** Where the API is served, without user, password and query. */
  readonly upstream: string;
  readonly clock: Clock;
  /** Whether a GET is written down only the first time that it succeeds: health checks would fill the cassette. */
  readonly probesOnce?: boolean;
  /** An exchange goes into the file, or does not for a reason. */
  readonly onRecorded?: (exchange: CapturedExchange, skipped: string | undefined) => void;
}

export class Recorder implements Connections {
  readonly #connections: Connections;
  readonly #options: RecorderOptions;
  readonly #probed = new Set<string>();
  readonly #running = new Set<RecordingHandler>();
  #inFlightBytes = 0;

  constructor(connections: Connections, options: RecorderOptions) {
    this.#connections = connections;
    this.#options = options;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const request = readSentRequest(options);
    const recording: RecordingHandler = new RecordingHandler(handler, {
      request,
      clock: this.#options.clock,
      mayHold: (held, more) => held + more <= BODY_BYTES_MAX && this.#inFlightBytes + more <= IN_FLIGHT_BYTES_MAX,
      onHeld: (bytes) => {
        this.#inFlightBytes += bytes;
      },
      onOver: (exchange, skipped) => {
        this.#running.delete(recording);
        this.#write(exchange, skipped);
      },
    });
    this.#running.add(recording);
    return this.#connections.dispatch(options, recording);
  }

  /** Resolves when what passed is in the file. */
  async destroy(): Promise<void> {
    // What is broken off now says so only when the connections are gone.
    for (const recording of [...this.#running]) recording.leave();
    await this.#connections.destroy();
    await this.#options.file.settle();
  }

  #write(exchange: CapturedExchange, skipped: string | undefined): void {
    const { file, onRecorded } = this.#options;
    if (this.#isRepeatedProbe(exchange)) return;
    onRecorded?.(exchange, skipped);
    file.append(this.#line(exchange, skipped));
  }

  async #line(exchange: CapturedExchange, skipped: string | undefined): Promise<ExchangeLine | SkippedLine> {
    const { file, upstream } = this.#options;
    const { prompts, salt } = file.version;
    const line = skipped ?? (await describeExchange(exchange, { prompts, salt, upstream }));
    if (typeof line !== 'string') return line;
    const { method, path } = exchange.request;
    const recorded_at = new Date(exchange.startedAt).toISOString();
    return { skipped: { recorded_at, method, path: scrubPath(path).replace(/\?.*/, '') }, reason: line };
  }

  #isRepeatedProbe({ request: { method, path }, response }: CapturedExchange): boolean {
    if (this.#options.probesOnce !== true || method !== 'GET') return false;
    const isWell = response !== undefined && response.status < 300;
    if (!isWell || this.#probed.has(path)) return true;
    this.#probed.add(path);
    return false;
  }
}
