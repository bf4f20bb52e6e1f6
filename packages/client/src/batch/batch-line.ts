/** The lines of a batch: what people write (OpenAI's batch format, or a shorthand), and the request that one becomes. */
import { type Hash, hashText, toHex } from './hash.js';

/** A line in the format of OpenAI's batch files. */
export interface BatchLine {
  /** Its name in the output; no other line has it. 1 to 512 characters. */
  readonly custom_id: string;
  /** `POST`, the only one there is. */
  readonly method?: string;
  /** Such as `/v1/chat/completions`, which is the default. */
  readonly url?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A line that is ready to be sent. */
export interface BatchRequest {
  /** The number of its line, counted from 1. */
  readonly line: number;
  readonly customId: string;
  /** The path behind the base URL, such as `/chat/completions`. */
  readonly path: string;
  /** The JSON text that is sent. */
  readonly bodyText: string;
  /** What is asked for; empty when the body names none. */
  readonly model: string;
  /** The most tokens that the answer may have; undefined when the body does not say. */
  readonly answerTokensMax: number | undefined;
  readonly idHash: Hash;
  /** Of path and body. */
  readonly bodyHash: Hash;
}

/** How lines are read. */
export interface LineOptions {
  /** Takes lines such as `{"prompt": "Hi"}` and `{"messages": […]}` too; `custom_id` is optional in them. Default: false. */
  readonly shorthand?: boolean;
  /** What a body has that does not say otherwise, such as `{ model: 'deepseek-chat' }`. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** The longest custom_id, in characters. */
export const CUSTOM_ID_CHARACTERS_MAX = 512;

const DEFAULT_URL = '/v1/chat/completions';
/** A path and nothing that could lead elsewhere: no host, no query, no way up. */
const URL_PATTERN = /^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/;

/** The request of a line, or what is wrong with it, as a sentence without a full stop that fits behind "line 7:". */
export function readBatchLine(value: unknown, line: number, options: LineOptions = {}): BatchRequest | string {
  if (!isRecord(value)) return 'is no JSON object';
  const whole = options.shorthand === true && !('body' in value) ? expandShorthand(value, line) : value;
  return typeof whole === 'string' ? whole : readWhole(whole, line, options);
}

/** What tells a request from all others, custom_id and body alike: 32 hex digits. */
export function identityOf({ idHash, bodyHash }: Pick<BatchRequest, 'idHash' | 'bodyHash'>): string {
  return toHex(idHash) + toHex(bodyHash);
}

function readWhole(value: Record<string, unknown>, line: number, options: LineOptions): BatchRequest | string {
  const { custom_id: customId, method = 'POST', url = DEFAULT_URL, body } = value;
  if (typeof customId !== 'string' || customId === '') return '`custom_id` must be a text that is not empty';
  if (customId.length > CUSTOM_ID_CHARACTERS_MAX)
    return `\`custom_id\` is longer than custom_id_characters_max, which is ${CUSTOM_ID_CHARACTERS_MAX}`;
  if (method !== 'POST') return '`method` must be "POST"';
  if (typeof url !== 'string' || !URL_PATTERN.test(url)) return '`url` must be a path such as "/v1/chat/completions"';
  if (!isRecord(body)) return 'has no `body`; it must be a JSON object';
  return createRequest(customId, url.replace(/^\/v1(?=\/)/, ''), { ...options.defaults, ...body }, line);
}

function createRequest(
  customId: string,
  path: string,
  body: Record<string, unknown>,
  line: number,
): BatchRequest | string {
  if (typeof body.model !== 'string' || body.model === '') return '`body.model` is missing';
  if (body.stream === true) return '`body.stream` is of no use in a batch; leave it out';
  const bodyText = JSON.stringify(body);
  const idHash = hashText(customId);
  const bodyHash = hashText(`${path}\n${bodyText}`);
  const answerTokensMax = readTokensMax(body);
  return { line, customId, path, bodyText, model: body.model, answerTokensMax, idHash, bodyHash };
}

function readTokensMax(body: Record<string, unknown>): number | undefined {
  const most = body.max_completion_tokens ?? body.max_tokens;
  return typeof most === 'number' && most >= 0 ? most : undefined;
}

function expandShorthand(value: Record<string, unknown>, line: number): Record<string, unknown> | string {
  const { custom_id = `line-${line}`, prompt, ...rest } = value;
  if (prompt === undefined && rest.messages === undefined) return 'has neither `body` nor `prompt` nor `messages`';
  if (prompt === undefined) return { custom_id, body: rest };
  if (typeof prompt !== 'string') return '`prompt` must be a text';
  if (rest.messages !== undefined) return 'has both `prompt` and `messages`; only one of them can be meant';
  return { custom_id, body: { ...rest, messages: [{ role: 'user', content: prompt }] } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
