/** Asks for a value of a schema, by whatever the endpoint can, and asks again for what the schema refuses. */
import { chat } from '../chat/chat.js';
import { withReadableCalls } from '../chat/message.js';
import type { ChatRequest, ChatResult, Message, Usage } from '../chat/types.js';
import { addUsage } from '../chat/usage.js';
import { KitError } from '../errors/kit-error.js';
import type { Endpoint } from '../kit/endpoint.js';
import { dropNulls } from '../schema/drop-nulls.js';
import { validate } from '../schema/json-schema.js';
import { parseLoosely } from '../schema/parse-json.js';
import type { InferOutput, StandardSchema } from '../schema/standard-schema.js';
import type { ReadOptions } from '../stream/read-bytes.js';
import { type Form, toForm } from './form.js';
import {
  isAboutSchema,
  isTool,
  type KnownRungs,
  prepare,
  RUNGS,
  type Rung,
  rungBelow,
  type Strategy,
} from './strategies.js';

export interface ParseOptions extends ReadOptions {
  /** Default: `auto`, which goes down from `json_schema` as far as the endpoint makes it. */
  readonly strategy?: 'auto' | Strategy;
  /** How often the model is asked again for an answer that does not fit. Default: 2. */
  readonly repairRounds?: number;
  /** What the answer is called towards the model: letters, digits, `_` and `-`. Default: `answer`. */
  readonly name?: string;
  /** What is known of endpoints, and where it is written down what is learnt. Default: nothing is remembered. */
  readonly known?: KnownRungs;
}

export interface ParseResult<Value> {
  readonly value: Value;
  /** Of all attempts. */
  readonly usage: Usage;
  /** How many answers it took. */
  readonly attempts: number;
  readonly strategy: Strategy;
  /** The answer that the value comes from. */
  readonly answer: ChatResult;
}

/** What an error of `parse` has in `partial`. */
export interface ParsePartial {
  readonly usage: Usage;
  readonly attempts: number;
  /** The last answer. */
  readonly answer: ChatResult;
}

/**
 * @throws KitError `invalid_input` when the schema has no JSON Schema, or strict functions, which were asked for, cannot
 * have it; `incomplete_output` when an answer was cut by `max_tokens` or a filter; `invalid_output` when no answer fits the
 * schema; and what `chat` throws.
 */
export async function parse<Schema extends StandardSchema>(
  endpoint: Endpoint,
  schema: Schema,
  request: ChatRequest,
  options: ParseOptions = {},
): Promise<ParseResult<InferOutput<Schema>>> {
  const { strategy = 'auto', known = new Map(), name = 'answer' } = options;
  const form = toForm(schema, name);
  const rungs = rungsOf(strategy, form);
  const key = `${endpoint.baseUrl} ${request.model}`;
  const spent: Spent = { usage: {}, attempts: 0 };
  let rung = nextOf(rungs, known.get(key) ?? 'json_schema') ?? (rungs[0] as Rung);
  for (;;) {
    let refusal: unknown;
    try {
      const [asked, body] = prepare(endpoint, request, rung, form);
      const fitting = await askUntilItFits(asked, schema, body, options, { form, rung, spent });
      if (fitting) return fitting as ParseResult<InferOutput<Schema>>;
    } catch (error) {
      refusal = error;
    }
    // Without a refusal the endpoint did not even write JSON: it does not know the format.
    const below: Rung | undefined = refusal === undefined ? 'strict_tool' : rungBelow(rung, refusal);
    const next = below && nextOf(rungs, below);
    if (next === undefined) throw refusal;
    if (strategy === 'auto' && !isAboutSchema(refusal)) known.set(key, next);
    rung = next;
  }
}

interface Spent {
  usage: Usage;
  attempts: number;
}

/** The rungs of a strategy, for a form. */
function rungsOf(strategy: 'auto' | Strategy, { strict: { problems } }: Form): readonly Rung[] {
  if (strategy === 'strict_tool') {
    if (problems.length === 0) return ['strict_tool', 'offered_tool'];
    throw new KitError('invalid_input', `Strict functions cannot have this schema: ${problems.join('; ')}.`);
  }
  if (strategy !== 'auto') return [strategy];
  return RUNGS.filter((rung) => problems.length === 0 || !isTool(rung));
}

/** The first of some rungs that is not above another one. */
function nextOf(rungs: readonly Rung[], from: Rung): Rung | undefined {
  return rungs.find((rung) => RUNGS.indexOf(rung) >= RUNGS.indexOf(from));
}

/** One rung. Undefined: the endpoint has no idea of `json_schema`, and another rung is worth a try. */
async function askUntilItFits(
  endpoint: Endpoint,
  schema: StandardSchema,
  request: ChatRequest,
  { strategy = 'auto', repairRounds = 2, ...options }: ParseOptions,
  { form, rung, spent }: { readonly form: Form; readonly rung: Rung; readonly spent: Spent },
): Promise<ParseResult<unknown> | undefined> {
  const messages = [...request.messages];
  for (let round = 0; ; round++) {
    const answer = await chat(endpoint, { ...request, messages }, options);
    spent.attempts += 1;
    spent.usage = addUsage(spent.usage, answer.usage);
    const partial: ParsePartial = { ...spent, answer };
    if (answer.finishReason === 'length' || answer.finishReason === 'content_filter') {
      const advice = answer.finishReason === 'length' ? 'Raise max_tokens.' : 'Change the prompt.';
      throw new KitError('incomplete_output', `The answer was cut: ${answer.finishReason}. ${advice}`, { partial });
    }
    const text = (answer.toolCalls[0]?.function.arguments ?? answer.content).trim();
    const read = parseLoosely(text);
    if (!read && text && rung === 'json_schema' && strategy === 'auto') return undefined;
    const checked = read
      ? await check(schema, form, rung, read.value)
      : { problem: text === '' ? 'It is empty.' : 'It is no JSON.' };
    if ('value' in checked) {
      const strategy = rung === 'offered_tool' ? 'strict_tool' : rung;
      return { value: checked.value, ...partial, strategy };
    }
    if (round >= repairRounds) {
      throw new KitError('invalid_output', `No answer fits the schema. The last one: ${checked.problem}`, { partial });
    }
    messages.push(...askAgain(answer, checked.problem));
  }
}

/** What a strict function wrote is tried as it is, and without the nulls that it had to write. */
async function check(
  schema: StandardSchema,
  { unwrap, json }: Form,
  rung: Rung,
  object: unknown,
): ReturnType<typeof validate> {
  const checked = await validate(schema, unwrap(object));
  return 'value' in checked || !isTool(rung) ? checked : validate(schema, unwrap(dropNulls(object, json)));
}

function askAgain({ message, toolCalls, content }: ChatResult, problem: string): Message[] {
  const order = `That does not fit the schema:\n${problem}\nGive the whole answer again, corrected.`;
  if (toolCalls.length > 0) {
    const results = toolCalls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: order }));
    return [withReadableCalls(message), ...results];
  }
  return [...(content.trim() === '' ? [] : [message]), { role: 'user', content: order }];
}
