/** The chat contract as the toolkit needs it: what it reads is named, everything else passes through as it is. */

/** A call of a function that a model asks for. */
export interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    /** JSON as the model wrote it, which may be broken. */
    readonly arguments: string;
  };
}

/** One turn of a conversation. */
export interface Message {
  /** `system`, `user`, `assistant` or `tool`. */
  readonly role: string;
  readonly content?: string | null | readonly object[];
  readonly name?: string;
  /** What the model thought before it answered. With tools it has to be sent back. */
  readonly reasoning_content?: string | null;
  /** The same under the name that vLLM and others give it. */
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly ToolCall[];
  /** On a `tool` message: the call that it answers. */
  readonly tool_call_id?: string;
  /** On the last message: the answer goes on from it. */
  readonly prefix?: boolean;
}

/** The body of a request; any other field of the API can stand beside these. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly [field: string]: unknown;
}

/** What a request cost, in tokens. Endpoints add fields of their own. */
export interface Usage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
  readonly [field: string]: unknown;
}

/** A piece of a call in a stream: each of its fields can be missing. */
export interface ToolCallPiece {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null } | null;
}

/** What a chunk adds to the answer; in a buffered answer, all of it. */
export interface Delta {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly ToolCallPiece[] | null;
}

/** Lists of tokens with their probabilities, by the part of the answer that they belong to. */
export type Logprobs = Readonly<Record<string, readonly unknown[] | null>>;

export interface Choice {
  readonly index?: number;
  readonly delta?: Delta | null;
  /** In place of `delta` in a buffered answer. */
  readonly message?: Delta | null;
  readonly finish_reason?: string | null;
  readonly logprobs?: Logprobs | null;
}

/** One chunk of a stream, or a buffered answer. */
export interface ChatChunk {
  readonly id?: string;
  readonly model?: string;
  readonly system_fingerprint?: string | null;
  readonly choices?: readonly Choice[];
  readonly usage?: Usage | null;
  /** What an endpoint sends in place of an answer when it failed after it had answered 200. */
  readonly error?: unknown;
}

/** A whole answer. */
export interface ChatResult {
  readonly id: string | undefined;
  /** The model that answered, as the endpoint names it. */
  readonly model: string | undefined;
  /** Empty when there was none. */
  readonly content: string;
  /** Undefined when the model was not thinking. */
  readonly reasoning: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  /** `stop`, `length`, `tool_calls`, `content_filter` or another word of the endpoint. */
  readonly finishReason: string | undefined;
  readonly usage: Usage | undefined;
  readonly logprobs: Logprobs | undefined;
  readonly systemFingerprint: string | undefined;
  /** The answer as the turn to add to `messages`, with all that the endpoint wants back. */
  readonly message: Message;
}

/** Something that came with a stream, as soon as it came. `index` is the place of a call among those of the answer. */
export type ChatEvent =
  | { readonly type: 'content' | 'reasoning'; readonly text: string }
  | { readonly type: 'tool_call_start'; readonly index: number; readonly id: string; readonly name: string }
  | { readonly type: 'tool_call_arguments'; readonly index: number; readonly text: string }
  | { readonly type: 'tool_call_end'; readonly index: number; readonly call: ToolCall }
  | { readonly type: 'finish'; readonly reason: string }
  | { readonly type: 'usage'; readonly usage: Usage };
