/** What a case can do: ask the endpoint. It sees its own questions only, and what it asked last can be repeated. */
import { DEEPSEEK, type Profile } from './case.js';
import { type Exchange, KEY_PLACE, type SentRequest } from './http/exchange.js';
import type { SendOptions, Session } from './session.js';

/** The most tokens of an answer in a cheap case. */
export const CHEAP_TOKENS = 16;

/** A question of a case. */
export interface Question extends SendOptions {
  /** Default: POST with a body, else GET. */
  readonly method?: string;
  /** After the base URL, with a slash at its beginning. */
  readonly path: string;
  /** Where the path begins. `root`: at the base URL without `/v1` or `/beta`. Default `base`. */
  readonly from?: 'base' | 'root';
  /** A body, as JSON unless it is a text. */
  readonly body?: unknown;
  /** Default: the key as a bearer token; null for none. */
  readonly authorization?: string | null;
  /** Default `application/json` where there is a body. */
  readonly contentType?: string;
}

/** The fields of a chat beside model and messages. */
export type Fields = Readonly<Record<string, unknown>>;

export class Ask {
  readonly profile: Profile;
  readonly model: string;
  /** The last request. */
  last: SentRequest | undefined;
  readonly #session: Session;

  constructor(session: Session, profile: Profile, model: string) {
    this.#session = session;
    this.profile = profile;
    this.model = model;
  }

  /** A word that no other run has. */
  get nonce(): string {
    return this.#session.nonce;
  }

  get isDeepSeek(): boolean {
    return DEEPSEEK.includes(this.profile);
  }

  get isStrict(): boolean {
    return this.profile === 'deepseek-strict';
  }

  /** @throws Finding when no whole answer comes. */
  send(question: Question): Promise<Exchange> {
    const request = this.#requestOf(question);
    this.last = request;
    return this.#session.send(request, question);
  }

  /** A short chat without thinking, with other fields over it; one that is undefined is left out. */
  chat(fields: Fields = {}, options: Omit<Question, 'path' | 'body'> = {}): Promise<Exchange> {
    return this.send({ path: '/chat/completions', body: this.chatBody(fields), ...options });
  }

  /** The same as a stream. */
  stream(fields: Fields = {}, options: Omit<Question, 'path' | 'body'> = {}): Promise<Exchange> {
    return this.chat({ stream: true, ...fields }, options);
  }

  chatBody(fields: Fields): object {
    return {
      model: this.model,
      messages: [{ role: 'user', content: 'Say hello in one sentence.' }],
      max_tokens: CHEAP_TOKENS,
      ...(this.isDeepSeek ? { thinking: { type: 'disabled' } } : {}),
      ...fields,
    };
  }

  #requestOf({ method, path, from = 'base', body, authorization, contentType }: Question): SentRequest {
    const { baseUrl } = this.#session;
    const start = from === 'root' ? baseUrl.replace(/\/(?:v1|beta)$/, '') : baseUrl;
    const credentials = authorization === undefined ? `Bearer ${KEY_PLACE}` : authorization;
    return {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url: start + path,
      headers: {
        ...(credentials === null ? {} : { authorization: credentials }),
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    };
  }
}
