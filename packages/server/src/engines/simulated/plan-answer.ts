/** Decides the whole answer to a request before its first token: the same one every time for the same request and seed. */
import { type ChatRequest, type FinishReason, TextMatcher, textOf } from '@plumb/wire';
import type { EffortLevel, GenerationJob } from '../engine.js';
import { chooseCalls, createCallId, lastUserText, type PlannedCall } from './choose-calls.js';
import { type Fixture, findFixture } from './fixtures.js';
import { loremText } from './lorem.js';
import { SeededRandom } from './random.js';
import type { SimulateSettings } from './settings.js';
import type { TextPiece, TokenReader } from './tokens.js';
import { readShape, writeShape } from './write-json.js';

/** A piece of an answer, in the order in which it comes. */
export type AnswerPiece =
  | (TextPiece & { readonly kind: 'reasoning' | 'content' })
  /** What a stop sequence consists of, which is generated and not shown. */
  | (TextPiece & { readonly kind: 'hidden' })
  | { readonly kind: 'call'; readonly index: number; readonly call: PlannedCall; readonly tokens: number }
  | (TextPiece & { readonly kind: 'arguments'; readonly index: number });

export interface AnswerPlan {
  readonly pieces: readonly AnswerPiece[];
  readonly finishReason: FinishReason;
  /** For what else about the answer is left to chance. */
  readonly random: SeededRandom;
}

export interface PlanParts {
  readonly settings: Pick<SimulateSettings, 'text' | 'answer_tokens' | 'reasoning_tokens' | 'seed'>;
  readonly fixtures: readonly Fixture[];
  readonly tokens: TokenReader;
}

/** The lengths of placeholder answers differ by this share of their mean. */
const LENGTH_SPREAD = 0.5;
/** How much is thought at each level, against the setting, which is that of `high`. */
const EFFORT_SHARES: Readonly<Record<EffortLevel, number>> = { low: 1 / 4, high: 1, max: 4 };
/** Tokens of the markers around the calls of an answer, and around each of them. */
const CALLS_TOKENS = 2;
const CALL_TOKENS = 3;

/**
 * Plans the answer to a job, of at most so many tokens. Throws an ApiError 400 for what cannot be written, such as a value
 * of a schema that allows none.
 */
export function planAnswer(job: GenerationJob, maxTokens: number, parts: PlanParts): AnswerPlan {
  const { request } = job;
  const random = new SeededRandom([parts.settings.seed, request.seed ?? null, questionOf(job)]);
  const fixture = findFixture(parts.fixtures, { model: job.model, message: lastText(job) });
  const reasoning = job.thinking ? writeReasoning(job, fixture, random, parts) : [];
  const calls = fixture === undefined ? chooseCalls(request, random) : callsOf(fixture, random);
  const answer =
    calls.length > 0
      ? { pieces: writeCalls(calls, parts.tokens), finishReason: 'tool_calls' as const }
      : { pieces: writeContent(job, fixture, random, parts), finishReason: 'stop' as const };
  const pieces = [...reasoning, ...answer.pieces];
  const begun = cut(pieces, maxTokens);
  return { pieces: begun ?? pieces, finishReason: begun === undefined ? answer.finishReason : 'length', random };
}

/** Everything about a request that its answer depends on. */
function questionOf({ model, request, text, thinking, effort }: GenerationJob): unknown[] {
  const { messages, tools, tool_choice, response_format } = request;
  return [model, text ?? messages, tools, tool_choice, response_format, thinking && effort];
}

/** What the answer answers to: the last message, or the prompt of a completion. */
function lastText({ text, request }: GenerationJob): string {
  return text === undefined ? textOf(request.messages.at(-1)?.content) : text.prompt;
}

function writeReasoning(
  { effort = 'high' }: GenerationJob,
  fixture: Fixture | undefined,
  random: SeededRandom,
  { settings, tokens }: PlanParts,
): AnswerPiece[] {
  const length = Math.ceil(settings.reasoning_tokens * EFFORT_SHARES[effort]);
  const text = fixture?.reasoning ?? loremText(random, length, tokens.count);
  return tokens.split(text.toWellFormed()).map((piece) => ({ ...piece, kind: 'reasoning' }));
}

function callsOf({ calls = [] }: Fixture, random: SeededRandom): PlannedCall[] {
  return calls.map((call, index) => ({
    id: createCallId(index, random),
    name: call.name,
    arguments: JSON.stringify(call.arguments),
  }));
}

function writeCalls(calls: readonly PlannedCall[], tokens: TokenReader): AnswerPiece[] {
  return calls.flatMap((call, index): AnswerPiece[] => [
    { kind: 'call', index, call, tokens: tokens.count(call.name) + CALL_TOKENS + (index === 0 ? CALLS_TOKENS : 0) },
    ...tokens.split(call.arguments.toWellFormed()).map((piece) => ({ ...piece, kind: 'arguments' as const, index })),
  ]);
}

function writeContent(
  job: GenerationJob,
  fixture: Fixture | undefined,
  random: SeededRandom,
  parts: PlanParts,
): AnswerPiece[] {
  const shaped = writeShape(readShape(job.request), random);
  const text = (fixture?.content ?? shaped ?? writeText(job, random, parts)).toWellFormed();
  const { shown, hidden } = stopAt(text, stopsOf(job.request));
  const pieces = parts.tokens.split(shown).map((piece): AnswerPiece => ({ ...piece, kind: 'content' }));
  const ending = parts.tokens.split(hidden).map((piece): AnswerPiece => ({ ...piece, kind: 'hidden' }));
  return [...pieces, ...ending];
}

function writeText(job: GenerationJob, random: SeededRandom, { settings, tokens }: PlanParts): string {
  if (settings.text === 'echo') return job.text?.prompt ?? lastUserText(job.request.messages);
  const length = settings.answer_tokens * (1 + LENGTH_SPREAD * (2 * random.next() - 1));
  return loremText(random, length, tokens.count);
}

/** What of a text is shown, and the stop sequence that ends it, if there is one. */
function stopAt(text: string, stops: readonly string[]): { shown: string; hidden: string } {
  const matcher = new TextMatcher(stops);
  const shown = matcher.push(text);
  return matcher.found === undefined ? { shown: text, hidden: '' } : { shown, hidden: matcher.found };
}

function stopsOf({ stop }: Pick<ChatRequest, 'stop'>): readonly string[] {
  if (stop === null || stop === undefined) return [];
  return typeof stop === 'string' ? [stop] : stop;
}

/**
 * The beginning of an answer that has more than so many tokens; undefined for one that has not. Of the piece that does not
 * fit nothing is shown, but what fits of it has been generated.
 */
function cut(pieces: readonly AnswerPiece[], maxTokens: number): readonly AnswerPiece[] | undefined {
  let room = maxTokens;
  for (const [index, { tokens }] of pieces.entries()) {
    if (tokens > room) {
      const begun: AnswerPiece[] = room === 0 ? [] : [{ kind: 'hidden', text: '', tokens: room }];
      return [...pieces.slice(0, index), ...begun];
    }
    room -= tokens;
  }
  return undefined;
}
