/** A function that a model can call. */
import type { ToolCall } from '../chat/types.js';
import type { InferOutput, StandardSchema } from '../schema/standard-schema.js';

/** How long a tool may take, in ms, unless it says otherwise. */
export const TOOL_TIMEOUT_MS = 120_000;

/** What a tool knows besides its input. */
export interface ToolContext {
  readonly call: ToolCall;
  /** Aborted when the tool has taken too long and when the loop ends. */
  readonly signal: AbortSignal;
}

export interface ToolOptions<Input> {
  /** Letters, digits, `_` and `-`. */
  readonly name: string;
  /** What it does and when to call it, for the model. */
  readonly description?: string;
  /**
   * What it answers: a text, or anything that JSON can say. What it throws becomes a result too: the model reads the
   * message of the error.
   */
  readonly run: (input: Input, context: ToolContext) => unknown;
  /** Default: TOOL_TIMEOUT_MS. */
  readonly timeoutMs?: number;
  /** Whether an error ends the loop instead of being told to the model. Default: false. */
  readonly fatal?: boolean | ((error: unknown) => boolean);
  /** Whether the same call can have another answer later, so that it may be made as often as the model likes. Default: false. */
  readonly repeatable?: boolean;
}

/** A tool whatever its input is. */
export interface Tool extends ToolOptions<never> {
  /** Absent: it takes no input. */
  readonly input?: StandardSchema;
}

/** A tool with the type of its input taken from its schema. */
export function tool<Schema extends StandardSchema = StandardSchema<unknown, Record<string, never>>>(
  options: ToolOptions<InferOutput<Schema>> & { readonly input?: Schema },
): Tool {
  return options;
}
