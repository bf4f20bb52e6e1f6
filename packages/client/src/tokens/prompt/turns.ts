/** What the body of a request says, whichever dialect it is in, as far as it becomes a prompt. */

/** Text, or a number of tokens that are no text: images, and ids that came as ids. */
export type Content = readonly (string | number)[];

/** A tool call that an earlier answer made. */
export interface Call {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

/** One message of a conversation. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: Content;
  readonly reasoning?: string;
  readonly calls?: readonly Call[];
  /** The answer continues this message instead of following it. */
  readonly isPrefix?: boolean;
}

/** A tool that is offered. */
export interface OfferedTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: unknown;
}

/** A conversation, or texts to continue or to embed. */
export type Request =
  | {
      readonly kind: 'chat';
      readonly turns: readonly Turn[];
      readonly tools: readonly OfferedTool[];
      /** The schema that the answer has to follow. */
      readonly schema?: unknown;
    }
  | { readonly kind: 'texts'; readonly texts: readonly Content[]; readonly suffix?: string };
