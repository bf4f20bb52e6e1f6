/** From the chunks of a chat, which engines speak, to the answer of `POST /completions`, streamed and buffered. */
import {
  type ChatChunk,
  type ChatResponse,
  type CompletionChunk,
  type CompletionLogprobs,
  type CompletionResponse,
  EventDecoder,
  encodeEvent,
  type Logprobs,
} from '@plumb/wire';
import { type AnswerForm, type BodyFold, openChatFold } from '../../inference/answer-form.js';

/** The form of one completion; `echo` is the text that it begins with. */
export class CompletionForm implements AnswerForm {
  readonly #echo: string;
  readonly #decoder = new EventDecoder();
  /** What has not been said of the echo yet. */
  #pending: string;
  /** Characters said so far. */
  #offset: number;

  constructor(echo: string) {
    this.#echo = echo;
    this.#pending = echo;
    this.#offset = echo.length;
  }

  translate(events: Uint8Array): string {
    return this.#decoder
      .push(events)
      .map(({ data }) => this.#write(JSON.parse(data) as ChatChunk))
      .join('');
  }

  openFold(): BodyFold {
    return openChatFold((response) => writeResponse(response, this.#echo));
  }

  /** Nothing for a chunk that only names the role. */
  #write(chunk: ChatChunk): string {
    const [choice] = chunk.choices;
    const content = choice?.delta.content ?? '';
    const text = this.#pending + content;
    const finishReason = choice?.finish_reason ?? null;
    const logprobs = toCompletionLogprobs(choice?.logprobs, this.#offset);
    if (text === '' && finishReason === null && logprobs === null && !chunk.usage) return '';
    this.#pending = '';
    this.#offset += content.length;
    const written: CompletionChunk = {
      id: chunk.id,
      choices: [{ finish_reason: finishReason, index: 0, logprobs, text }],
      created: chunk.created,
      model: chunk.model,
      system_fingerprint: chunk.system_fingerprint,
      object: 'text_completion',
      ...(chunk.usage === undefined ? {} : { usage: chunk.usage }),
    };
    return encodeEvent(JSON.stringify(written));
  }
}

function writeResponse(response: ChatResponse, echo: string): CompletionResponse {
  const { id, created, model, system_fingerprint, usage, choices } = response;
  const [choice] = choices;
  if (choice === undefined) throw new Error('A response without a choice.');
  const { finish_reason, message } = choice;
  const logprobs = toCompletionLogprobs(choice.logprobs, echo.length);
  const text = echo + (message.content ?? '');
  return {
    id,
    choices: [{ finish_reason, index: 0, logprobs, text }],
    created,
    model,
    system_fingerprint,
    object: 'text_completion',
    usage,
  };
}

/** @param offset Where the first token begins, in characters of the whole text. */
function toCompletionLogprobs(logprobs: Logprobs | null | undefined, offset: number): CompletionLogprobs | null {
  if (!logprobs?.content) return null;
  const written: CompletionLogprobs = { text_offset: [], token_logprobs: [], tokens: [], top_logprobs: [] };
  let place = offset;
  for (const { token, logprob, top_logprobs } of logprobs.content) {
    written.text_offset.push(place);
    written.token_logprobs.push(logprob);
    written.tokens.push(token);
    written.top_logprobs.push(Object.fromEntries(top_logprobs.map((top) => [top.token, top.logprob])));
    place += token.length;
  }
  return written;
}
