/** How the answer of an engine is written for a client: as it is, or in the words of a dialect. */
import { type ChatChunk, ChatFold, type ChatResponse } from '@plumb/wire';

/** The form of one answer; it may have a state of its own. */
export interface AnswerForm {
  /** Rewrites whole events, which come in order. Empty when they say nothing. Absent where they pass as they are. */
  translate?(events: Uint8Array): string | Uint8Array;
  /** What the buffered body is made with. */
  openFold(): BodyFold;
}

/** Events on their way into one body. */
export interface BodyFold {
  /** Takes the data of the next event. */
  add(data: string): void;
  /** The JSON text of the body: of the whole answer, if there is one. Throws when the events do not make one. */
  body(whole?: ChatResponse): string;
}

/** The answer of a chat, which is what engines speak. */
export const CHAT_FORM: AnswerForm = { openFold: () => openChatFold((response) => response) };

/** A fold of chat chunks whose result is written in another form. */
export function openChatFold(write: (response: ChatResponse) => object): BodyFold {
  // Not needed for an answer that comes as a whole.
  let fold: ChatFold | undefined;
  return {
    add(data) {
      fold ??= new ChatFold();
      fold.add(JSON.parse(data) as ChatChunk);
    },
    body: (whole) => JSON.stringify(write(whole ?? (fold ?? new ChatFold()).response())),
  };
}
