/** What happens in a tools loop, for a screen. */
import type { ToolCall } from '../chat/types.js';

/** Steps are numbered from 1. */
export type ToolsEvent =
  /** The model is asked. */
  | { readonly type: 'step'; readonly step: number }
  /** A piece of the answer, when streaming. */
  | { readonly type: 'content' | 'reasoning'; readonly step: number; readonly text: string }
  /** A tool is run. */
  | { readonly type: 'call'; readonly step: number; readonly call: ToolCall; readonly input: unknown }
  /** What the model is told of a call, whether or not its tool was run. */
  | {
      readonly type: 'result';
      readonly step: number;
      readonly call: ToolCall;
      readonly content: string;
      readonly isError: boolean;
      readonly durationMs: number;
    }
  /** The arguments of a call do not fit; the model is told why. */
  | { readonly type: 'retry'; readonly step: number; readonly call: ToolCall; readonly problem: string }
  /** The model has answered without calls. */
  | { readonly type: 'end'; readonly step: number };
