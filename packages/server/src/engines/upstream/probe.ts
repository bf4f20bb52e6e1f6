/** Asks an engine whether it is well, which models it lists, and how much context they have. */
import type { Connections } from './connections.js';
import { asCount, isRecord } from './json.js';
import type { UpstreamKind } from './kinds/index.js';
import { type OpenStream, openStream, type StreamReceiver, type UpstreamRequest } from './open-stream.js';
import { parse } from './read-chunks.js';
import { readErrorAnswer } from './read-error.js';
import { readNetworkError } from './read-network-error.js';
import type { UpstreamParts } from './upstream-parts.js';

/** How an engine is. */
export interface EngineHealth {
  readonly healthy: boolean;
  /** For the operator: what is wrong, or nothing. */
  readonly detail: string;
  /** Tokens of prompt and answer together, when it says so. */
  readonly contextTokens?: number | undefined;
  /** What it calls the model that it was asked for, or its only one. */
  readonly modelName?: string | undefined;
}

/** The most of a model list that is read, in bytes. */
const LIST_BYTES_MAX = 4 * 1024 * 1024;
/** The most names that are told to the operator. */
const NAMES_MAX = 10;

/**
 * Asks once. Never rejects: an engine that cannot be asked, or not before the signal is aborted, is not healthy.
 *
 * @param model What the engine calls the model; undefined when it goes by several names.
 */
export async function probeEngine(
  connections: Connections,
  upstream: UpstreamParts,
  model: string | undefined,
  signal: AbortSignal,
): Promise<EngineHealth> {
  const { endpoint, kind } = upstream;
  try {
    if (kind.healthPath !== undefined) {
      const health = await get(connections, upstream, endpoint.serverPath(kind.healthPath), signal);
      if (!isGood(health.status)) return unhealthy(`its health check answered ${health.status}`);
    }
    const list = await get(connections, upstream, endpoint.apiPath('/models'), signal);
    return readModels(list, upstream, model);
  } catch (error) {
    return unhealthy(signal.aborted ? 'it did not answer in time' : readNetworkError(error as Error).detail);
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function readModels({ status, body }: Answer, upstream: UpstreamParts, model: string | undefined): EngineHealth {
  const { endpoint, kind, clock } = upstream;
  // Not every server has a list; that it answers is all that can be known then.
  if (status === 404 || status === 405) return { healthy: true, detail: '' };
  if (!isGood(status)) {
    const answer = { status, headers: {}, body, now: clock.now() };
    return unhealthy(readErrorAnswer(answer, (text) => endpoint.redact(text)).detail);
  }
  const value = parse(body);
  const entries = isRecord(value) && Array.isArray(value.data) ? value.data.filter(isRecord) : undefined;
  if (entries === undefined) return unhealthy('its model list cannot be read; check `url` of this engine');
  const entry = entries.length === 1 && !kind.checksModelNames ? entries[0] : entries.find(({ id }) => id === model);
  if (entry === undefined && kind.checksModelNames && model !== undefined) {
    return unhealthy(`it does not serve ${model} but ${namesOf(entries)}; set \`model\` of this engine`);
  }
  const modelName = typeof entry?.id === 'string' ? entry.id : undefined;
  const meant = entry === undefined && model === undefined ? entries : [entry];
  return { healthy: true, detail: '', contextTokens: leastContext(meant, kind.contextFields), modelName };
}

/** The context that every one of some models has; an engine that goes by several names is asked for any of them. */
function leastContext(entries: readonly unknown[], fields: UpstreamKind['contextFields']): number | undefined {
  const known = entries.map((entry) => contextOf(entry, fields)).filter((count) => count !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function contextOf(entry: unknown, fields: UpstreamKind['contextFields']): number | undefined {
  const found = fields.map((path) => path.reduce((value, key) => (isRecord(value) ? value[key] : undefined), entry));
  return found.map(asCount).find((count) => count !== undefined && count > 0);
}

function namesOf(entries: readonly Record<string, unknown>[]): string {
  return (
    entries
      .slice(0, NAMES_MAX)
      .map(({ id }) => String(id).slice(0, 256))
      .join(', ') || 'nothing'
  );
}

function unhealthy(detail: string): EngineHealth {
  return { healthy: false, detail };
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The answer to a GET; rejects when there is none, or when the signal is aborted first. */
function get(
  connections: Connections,
  { endpoint }: UpstreamParts,
  path: string,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const headers = ['accept', 'application/json', ...endpoint.authorization()];
  return new Promise(
    (resolve, reject) => new Get(connections, { method: 'GET', path, headers, body: null }, signal, resolve, reject),
  );
}

class Get implements StreamReceiver {
  readonly #stream: OpenStream;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#giveUp(new Error('it did not answer in time'));
  #status = 0;
  #body: Buffer = Buffer.alloc(0);

  constructor(
    connections: Connections,
    request: UpstreamRequest,
    signal: AbortSignal,
    resolve: (answer: Answer) => void,
    reject: (error: Error) => void,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#stream = openStream(connections, request, this);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onHeaders(status: number): void {
    this.#status = status;
  }

  onBytes(bytes: Buffer): void {
    this.#body = Buffer.concat([this.#body, bytes]);
    if (this.#body.length > LIST_BYTES_MAX) this.#giveUp(new Error('its model list is too large'));
  }

  onEnd(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#resolve({ status: this.#status, body: this.#body.toString() });
  }

  onError(error: Error): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#reject(error);
  }

  #giveUp(error: Error): void {
    this.#stream.abort();
    this.onError(error);
  }
}
