/**
 * The prefix-affinity benchmark: agents that talk in turns to four simulated engines, whose prefix caches are bounded and
 * whose first tokens take as long as what they have not cached. What is compared is where requests go: in turn, where least
 * is outstanding, or where the beginning of the prompt has been read before. Time is simulated; nothing is measured.
 */
import type { Message } from '@plumb/wire';
import type { Candidate, Choice, Work } from '#server/engines/pool/choose/choice.js';
import { LeastOutstanding } from '#server/engines/pool/choose/least-outstanding.js';
import { PrefixAffinity } from '#server/engines/pool/choose/prefix-affinity.js';
import { expectTokens } from '#server/engines/pool/expected-tokens.js';
import { mean, quantile } from './support/statistics.js';

const ENGINES = 4;
const AGENTS = [16, 32, 48];
/** Tokens that the cache of one engine holds; the last one holds everything. */
const CACHE_TOKENS = [100_000, 200_000, 10_000_000];
const SEEDS = [1, 2, 3];
/** Simulated time, in ms; what happens before the warm-up is over does not count. */
const WARM_UP_MS = 120_000;
const RUN_MS = 20 * 60_000;

/** An engine reads so many prompt tokens a ms, one prompt at a time, and has this to do beside for each. */
const PREFILL_TOKENS_PER_MS = 8;
const PREFILL_FIXED_MS = 20;
/** A token of an answer takes so long, and longer for each answer that is written beside it; in ms. */
const DECODE_MS = 15;
const DECODE_EACH_MS = 0.5;
/** Tokens that are cached together. */
const BLOCK_TOKENS = 16;
const CHARACTERS_PER_TOKEN = 4;

/** Applications, each with a system prompt that all of its agents share; tokens. */
const SYSTEM_TOKENS = [6000, 4000, 3000, 2000, 1500, 1000];
const TURNS_MEAN = 10;
const ANSWER_TOKENS = { min: 40, max: 400 };
const TASK_TOKENS = { min: 30, max: 500 };
const RESULT_TOKENS = { min: 100, max: 1500 };
/** What an agent does between an answer and its next turn, in ms: the mean of an exponential distribution. */
const TOOL_MS_MEAN = 4000;

/** The pages of a prompt, by name: equal names have equal beginnings. */
type Pages = readonly number[];

class SimulatedEngine implements Candidate {
  readonly name: string;
  readonly weight = 1;
  outstandingTokens = 0;
  running = 0;
  /** When the prompts that it has taken on are read. */
  prefillUntil = 0;
  readonly #capacity: number;
  /** Pages, least recently used first. */
  readonly #cache = new Set<number>();

  constructor(name: string, capacityTokens: number) {
    this.name = name;
    this.#capacity = capacityTokens / BLOCK_TOKENS;
  }

  /** How many pages from the beginning it has. */
  countCached(pages: Pages): number {
    let count = 0;
    while (count < pages.length && this.#cache.has(pages[count]!)) count += 1;
    return count;
  }

  /** Keeps pages; the last ones go first when there is no room, because without the first they are of no use. */
  keep(pages: Pages): void {
    for (let index = pages.length - 1; index >= 0; index--) {
      this.#cache.delete(pages[index]!);
      this.#cache.add(pages[index]!);
    }
    for (const page of this.#cache) {
      if (this.#cache.size <= this.#capacity) return;
      this.#cache.delete(page);
    }
  }
}

class RoundRobin implements Choice {
  #turn = 0;

  choose<C extends Candidate>(candidates: readonly C[]): C {
    this.#turn += 1;
    return candidates[this.#turn % candidates.length]!;
  }
}

const CHOICES: Record<string, (random: () => number) => Choice> = {
  'round robin': () => new RoundRobin(),
  'least-outstanding': (random) => new LeastOutstanding(random),
  'prefix-affinity': () => new PrefixAffinity(),
};

/** What came of one run. */
interface Figures {
  hitRate: number;
  firstTokenMs: number[];
  /** The most prompts that one engine has read, over the mean of all. */
  imbalance: number;
}

/** One agent's conversation. */
interface Conversation {
  messages: Message[];
  pages: number[];
  tokens: number;
  turnsLeft: number;
}

class Simulation {
  readonly #random: () => number;
  readonly #engines: SimulatedEngine[];
  readonly #choice: Choice;
  readonly #events: { at: number; call: () => void }[] = [];
  readonly #prompts: number[];
  #now = 0;
  #lastPage = 0;
  #conversations = 0;
  #promptTokens = 0;
  #cachedTokens = 0;
  readonly #firstTokenMs: number[] = [];
  readonly #systemPages: number[][];

  constructor(seed: number, cacheTokens: number, createChoice: (random: () => number) => Choice) {
    this.#random = createRandom(seed);
    this.#choice = createChoice(createRandom(seed + 1000));
    this.#engines = Array.from({ length: ENGINES }, (_, index) => new SimulatedEngine(`engine-${index}`, cacheTokens));
    this.#prompts = this.#engines.map(() => 0);
    this.#systemPages = SYSTEM_TOKENS.map((tokens) => this.#newPages(tokens));
  }

  run(agents: number): Figures {
    for (let agent = 0; agent < agents; agent++) this.#after(this.#exponential(TOOL_MS_MEAN), () => this.#begin());
    for (let next = this.#events.shift(); next !== undefined && next.at < RUN_MS; next = this.#events.shift()) {
      this.#now = next.at;
      next.call();
    }
    return {
      hitRate: this.#cachedTokens / this.#promptTokens,
      firstTokenMs: this.#firstTokenMs,
      imbalance: Math.max(...this.#prompts) / mean(this.#prompts),
    };
  }

  /** An agent takes up another task. */
  #begin(): void {
    const app = Math.floor(this.#random() * SYSTEM_TOKENS.length);
    const systemTokens = SYSTEM_TOKENS[app]!;
    const conversation: Conversation = {
      messages: [{ role: 'system', content: `App ${app} `.padEnd(systemTokens * CHARACTERS_PER_TOKEN, '.') }],
      pages: [...this.#systemPages[app]!],
      tokens: systemTokens,
      turnsLeft: 1 + Math.floor(this.#exponential(TURNS_MEAN - 1)),
    };
    this.#conversations += 1;
    this.#say(conversation, 'user', this.#between(TASK_TOKENS), `Task ${this.#conversations} `);
    this.#send(conversation);
  }

  #send(conversation: Conversation): void {
    const request = { model: 'm', messages: conversation.messages };
    const work: Work = { job: { request, cacheScope: 'account/' }, tokens: expectTokens(request) };
    const engine = this.#choice.choose(this.#engines, work);
    const cached = Math.min(engine.countCached(conversation.pages) * BLOCK_TOKENS, conversation.tokens - 1);
    const prefillMs = PREFILL_FIXED_MS + (conversation.tokens - cached) / PREFILL_TOKENS_PER_MS;
    engine.prefillUntil = Math.max(engine.prefillUntil, this.#now) + prefillMs;
    engine.outstandingTokens += work.tokens;
    engine.running += 1;
    if (this.#now > WARM_UP_MS) {
      this.#promptTokens += conversation.tokens;
      this.#cachedTokens += cached;
      this.#firstTokenMs.push(engine.prefillUntil - this.#now);
      this.#prompts[this.#engines.indexOf(engine)]! += 1;
    }
    const answerTokens = this.#between(ANSWER_TOKENS);
    const decodeMs = answerTokens * (DECODE_MS + DECODE_EACH_MS * engine.running);
    this.#after(engine.prefillUntil - this.#now, () => engine.keep(conversation.pages));
    this.#after(engine.prefillUntil - this.#now + decodeMs, () => {
      engine.outstandingTokens -= work.tokens;
      engine.running -= 1;
      this.#say(conversation, 'assistant', answerTokens, 'Call ');
      engine.keep(conversation.pages);
      this.#goOn(conversation);
    });
  }

  #goOn(conversation: Conversation): void {
    conversation.turnsLeft -= 1;
    this.#after(this.#exponential(TOOL_MS_MEAN), () => {
      if (conversation.turnsLeft <= 0) return this.#begin();
      this.#say(conversation, 'user', this.#between(RESULT_TOKENS), 'Result ');
      this.#send(conversation);
    });
  }

  #say(conversation: Conversation, role: 'user' | 'assistant', tokens: number, text: string): void {
    const content = text.padEnd(tokens * CHARACTERS_PER_TOKEN, '.');
    conversation.messages = [...conversation.messages, { role, content }];
    conversation.tokens += tokens;
    // A page that was not full becomes another one when it is.
    const full = Math.floor(conversation.tokens / BLOCK_TOKENS) - conversation.pages.length;
    conversation.pages = [...conversation.pages, ...this.#newPages(full * BLOCK_TOKENS)];
  }

  #newPages(tokens: number): number[] {
    return Array.from({ length: Math.floor(tokens / BLOCK_TOKENS) }, () => ++this.#lastPage);
  }

  #after(delayMs: number, call: () => void): void {
    const event = { at: this.#now + delayMs, call };
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.at <= event.at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  #between({ min, max }: { readonly min: number; readonly max: number }): number {
    return min + Math.floor(this.#random() * (max - min + 1));
  }

  #exponential(average: number): number {
    return -Math.log(1 - this.#random()) * average;
  }
}

/** Numbers from 0 up to and without 1 that a seed decides: a Weyl sequence, mixed. */
function createRandom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9);
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

function measure(agents: number, cacheTokens: number, name: string): string[] {
  const runs = SEEDS.map((seed) => new Simulation(seed, cacheTokens, CHOICES[name]!).run(agents));
  const times = runs.flatMap(({ firstTokenMs }) => firstTokenMs);
  return [
    String(agents),
    cacheTokens >= 10_000_000 ? 'all' : cacheTokens.toLocaleString('en'),
    name,
    `${(100 * mean(runs.map(({ hitRate }) => hitRate))).toFixed(1)} %`,
    mean(times).toFixed(0),
    quantile(times, 0.5).toFixed(0),
    quantile(times, 0.95).toFixed(0),
    mean(runs.map(({ imbalance }) => imbalance)).toFixed(2),
    String(times.length),
  ];
}

function main(): void {
  const head = ['agents', 'cache', 'choice', 'cached', 'mean', 'p50', 'p95', 'imbalance', 'turns'];
  const cases = AGENTS.flatMap((agents) => CACHE_TOKENS.map((cacheTokens) => ({ agents, cacheTokens })));
  const rows = cases.flatMap(({ agents, cacheTokens }) =>
    Object.keys(CHOICES).map((name) => measure(agents, cacheTokens, name)),
  );
  process.stdout.write(`${ENGINES} simulated engines; first token in ms; cache in tokens of one engine\n\n`);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  for (const row of [head, ...rows]) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

main();
