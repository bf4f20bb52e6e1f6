/** The preflight of a batch: reads all lines once before anything is sent, and says what is wrong with them. */
import { KitError } from '../errors/kit-error.js';
import { createEstimator } from '../tokens/estimator.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import { type BatchRequest, type LineOptions, readBatchLine } from './batch-line.js';
import { LineIndex, LineState } from './line-index.js';
import { type BatchLines, openLines } from './line-source.js';
import type { LineProblem } from './read-lines.js';

/** What the lines of one model add up to. */
export interface ModelTotals {
  requests: number;
  /** Counted or estimated. */
  promptTokens: number;
  /** The most tokens of the answers whose requests say so. */
  answerTokensMax: number;
  /** Requests that do not say how long their answer may be. */
  unbounded: number;
}

export interface BatchCheck {
  readonly index: LineIndex;
  /** Lines that are in order. */
  readonly lines: number;
  readonly models: ReadonlyMap<string, ModelTotals>;
  /** The first problems, in the order of the lines. */
  readonly problems: readonly LineProblem[];
  /** How many problems there are. */
  readonly problemCount: number;
}

export interface CheckOptions extends LineOptions {
  /** Counts prompts. Default: an estimate by their characters. */
  readonly tokenCounter?: TokenCounter | undefined;
  /** Hears of each line that is in order, with the tokens of its prompt. */
  readonly onRequest?: ((request: BatchRequest, promptTokens: number) => void) | undefined;
}

/** Problems that are kept to be told; the others are only counted. */
export const PROBLEMS_MAX = 100;
/** Problems that a message names. */
const TOLD_MAX = 10;

/** Reads all lines. Resolves whatever is wrong with them; rejects when they cannot be read at all. */
export async function checkBatch(lines: BatchLines, options: CheckOptions = {}): Promise<BatchCheck> {
  const index = new LineIndex();
  const models = new Map<string, ModelTotals>();
  const problems = new ProblemList();
  const tokenCounter = options.tokenCounter ?? createEstimator();
  for await (const source of openLines(lines)) {
    const read = 'problem' in source ? source.problem : readBatchLine(source.value, source.line, options);
    if (typeof read === 'string') problems.add(source.line, read);
    else if (enter(index, read, problems)) {
      const promptTokens = countPrompt(read, tokenCounter);
      addTotals(models, read, promptTokens);
      options.onRequest?.(read, promptTokens);
    }
  }
  return { index, lines: index.size, models, problems: problems.first, problemCount: problems.count };
}

/** @throws KitError invalid_input that names the lines and what is wrong with them. */
export function requireNoProblems({ problems, problemCount }: BatchCheck): void {
  if (problemCount === 0) return;
  const told = problems.slice(0, TOLD_MAX).map(({ line, problem }) => `line ${line}: ${problem}`);
  const more = problemCount > told.length ? [`and ${problemCount - told.length} more`] : [];
  throw new KitError(
    'invalid_input',
    `Nothing was sent, because the input has problems.\n${[...told, ...more].join('\n')}`,
  );
}

class ProblemList {
  readonly first: LineProblem[] = [];
  count = 0;

  add(line: number, problem: string): void {
    this.count += 1;
    if (this.first.length < PROBLEMS_MAX) this.first.push({ line, problem });
  }
}

function enter(index: LineIndex, request: BatchRequest, problems: ProblemList): boolean {
  const { idHash, bodyHash, line } = request;
  const earlier = index.find(idHash);
  if (earlier < 0) {
    index.add(idHash, bodyHash, line, LineState.listed);
    return true;
  }
  problems.add(line, `has the \`custom_id\` of line ${index.lineOf(earlier)}; each must be another`);
  return false;
}

function addTotals(models: Map<string, ModelTotals>, request: BatchRequest, promptTokens: number): void {
  const totals = models.get(request.model) ?? { requests: 0, promptTokens: 0, answerTokensMax: 0, unbounded: 0 };
  models.set(request.model, totals);
  totals.requests += 1;
  totals.promptTokens += promptTokens;
  if (request.answerTokensMax === undefined) totals.unbounded += 1;
  else totals.answerTokensMax += request.answerTokensMax;
}

/** The tokens of a request's prompt. */
export function countPrompt({ bodyText }: BatchRequest, tokenCounter: TokenCounter): number {
  return tokenCounter.countRequest(JSON.parse(bodyText));
}
