/** The lines of the result files, in the format of OpenAI's batch files: written here and read again on resume. */
import { type BatchRequest, identityOf } from './batch-line.js';

/** What came of a line. */
export interface LineOutcome {
  /** The HTTP status; undefined when there was no HTTP answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** The JSON text of the body; undefined when there is none. */
  readonly bodyText: string | undefined;
  /** What went wrong, unless the body of the answer says it. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/** The tokens that an answer used. */
export interface TokenUse {
  readonly prompt: number;
  /** The part of the prompt that came from the cache. */
  readonly cached: number;
  /** Reasoning included. */
  readonly answer: number;
}

/** A line of a result file. */
export interface RecordedLine {
  readonly customId: string;
  /** The first 64 bits of the hash of path and body; undefined when another program wrote the line. */
  readonly bodyHash: readonly [number, number] | undefined;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly model: string | undefined;
  /** When the answer was made, in ms since the epoch; undefined when it does not say. */
  readonly createdAt: number | undefined;
  readonly tokens: TokenUse | undefined;
}

const ID_PREFIX = 'batch_req_';
const ID_PATTERN = /^batch_req_[0-9a-f]{16}([0-9a-f]{8})([0-9a-f]{8})$/;

/** The line with its end. Its `id` tells custom_id and body apart, so that a later run sees whether the body has changed. */
export function renderOutputLine(request: BatchRequest, outcome: LineOutcome): string {
  const { status, requestId, bodyText, error } = outcome;
  const response =
    status === undefined
      ? 'null'
      : `{"status_code":${status},"request_id":${JSON.stringify(requestId ?? '')},"body":${flatten(bodyText ?? 'null')}}`;
  const id = ID_PREFIX + identityOf(request);
  const failure = error === undefined ? 'null' : JSON.stringify(error);
  return `{"id":"${id}","custom_id":${JSON.stringify(request.customId)},"response":${response},"error":${failure}}\n`;
}

/** What a line of a result file says; undefined when it is none. */
export function readOutputLine(text: string): RecordedLine | undefined {
  const value = parse(text);
  if (!isRecord(value) || typeof value.custom_id !== 'string') return undefined;
  const response = isRecord(value.response) ? value.response : {};
  const body = isRecord(response.body) ? response.body : {};
  const bodyError = isRecord(body.error) ? body.error : {};
  const error = isRecord(value.error) ? value.error : bodyError;
  const { created } = body;
  return {
    customId: value.custom_id,
    bodyHash: readBodyHash(value.id),
    status: typeof response.status_code === 'number' ? response.status_code : undefined,
    errorCode: typeof error.code === 'string' ? error.code : undefined,
    model: typeof body.model === 'string' ? body.model : undefined,
    createdAt: typeof created === 'number' ? created * 1000 : undefined,
    tokens: readTokens(body),
  };
}

/** The tokens of the `usage` of an answer; undefined when it has none. */
export function readTokens(body: unknown): TokenUse | undefined {
  if (!isRecord(body) || !isRecord(body.usage)) return undefined;
  const { prompt_tokens: prompt, completion_tokens: answer = 0, prompt_tokens_details: details } = body.usage;
  if (!isCount(prompt) || !isCount(answer)) return undefined;
  const cached = body.usage.prompt_cache_hit_tokens ?? (isRecord(details) ? details.cached_tokens : 0);
  return { prompt, answer, cached: isCount(cached) ? Math.min(cached, prompt) : 0 };
}

/** JSON has line ends only between its values, where they may be left out: the line stays one. */
function flatten(json: string): string {
  return json.replace(/[\r\n]+/g, '');
}

function readBodyHash(id: unknown): readonly [number, number] | undefined {
  const match = typeof id === 'string' ? ID_PATTERN.exec(id) : null;
  return match === null ? undefined : [Number.parseInt(match[1]!, 16), Number.parseInt(match[2]!, 16)];
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
