/** Runs one call of a tool: whatever happens becomes a result for the model, unless it has to end the loop. */
import type { ToolCall } from '../chat/types.js';
import { KitError } from '../errors/kit-error.js';
import { validate } from '../schema/json-schema.js';
import { parseLoosely } from '../schema/parse-json.js';
import type { Clock } from '../time/clock.js';
import { linkAbort } from '../time/link-abort.js';
import { TOOL_TIMEOUT_MS, type Tool } from './tool.js';

/** How many characters of arguments that are no JSON are shown to the model again. */
const SHOWN_MAX_CHARACTERS = 500;

/** What came of a call. */
export interface Outcome {
  readonly content: string;
  readonly isError: boolean;
}

/** The input of a tool out of the arguments of a call, or why it is none. */
export async function readInput(
  { input }: Tool,
  { function: { arguments: text } }: ToolCall,
  isCut: boolean,
): Promise<{ readonly value: unknown } | { readonly problem: string }> {
  // What was cut could be completed to something that was never meant.
  if (isCut) return { problem: 'The call was cut by max_tokens. Make it shorter.' };
  const read = text.trim() === '' ? { value: {} } : parseLoosely(text);
  if (!read) return { problem: `The arguments are no JSON: ${text.slice(0, SHOWN_MAX_CHARACTERS)}` };
  return input ? validate(input, read.value) : read;
}

/**
 * Runs a tool within its time.
 *
 * @throws KitError tool_failed when it fails and its failure is fatal.
 * @throws the reason of the signal, once it is aborted.
 */
export async function runTool(
  tool: Tool,
  input: unknown,
  call: ToolCall,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome> {
  const { name, timeoutMs = TOOL_TIMEOUT_MS, fatal = false } = tool;
  const controller = new AbortController();
  const unlink = linkAbort(controller, signal);
  const cancel = clock.after(timeoutMs, () => controller.abort(new Error(`${name} took more than ${timeoutMs} ms.`)));
  try {
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
      controller.signal.throwIfAborted();
    });
    const running = (async () => tool.run(input as never, { call, signal: controller.signal }))();
    const result = await Promise.race([aborted, running]);
    return { content: typeof result === 'string' ? result : (JSON.stringify(result) ?? 'null'), isError: false };
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    if (typeof fatal === 'function' ? fatal(error) : fatal) {
      throw new KitError('tool_failed', `The tool ${name} failed: ${message}`, { cause: error });
    }
    return failed(message);
  } finally {
    cancel();
    unlink();
  }
}

/** A result that tells the model of an error. */
export function failed(error: string): Outcome {
  return { content: JSON.stringify({ error }), isError: true };
}
