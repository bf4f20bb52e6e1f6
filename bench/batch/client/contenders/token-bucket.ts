/**
 * The pattern of OpenAI's cookbook for many requests, as people carry it over: a bucket of requests and one of tokens that
 * refill by the second, everybody pauses after a 429, five attempts for each job.
 */
import OpenAI from 'openai';
import type { BatchJob } from '../../job-text.js';
import { type Contender, requestOf } from './contender.js';

const ATTEMPTS = 5;
const PAUSE_MS = 15_000;
/** How long the loop sleeps between two looks, in ms. */
const TICK_MS = 1;

interface Task {
  readonly job: BatchJob;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  attemptsLeft: number;
}

export const tokenBucket: Contender = {
  name: 'cookbook',
  title: 'cookbook pattern, 5 attempts',
  isTold: 'limits',
  create({ baseURL, apiKey, model, fetch, concurrency, limits }) {
    const openai = new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0 });
    const send = (job: BatchJob) => openai.chat.completions.create(requestOf(job, model));
    const processor = new Processor(send, concurrency, limits.requestsPerMinute, limits.tokensPerMinute);
    return (job) => processor.add(job);
  },
};

class Processor {
  readonly #send: (job: BatchJob) => Promise<unknown>;
  readonly #concurrency: number;
  readonly #requestsPerMinute: number;
  readonly #tokensPerMinute: number;
  readonly #queue: Task[] = [];
  readonly #retries: Task[] = [];
  #requests: number;
  #tokens: number;
  #filledAt = Date.now();
  #refusedAt = 0;
  #running = 0;
  #isLooping = false;

  constructor(
    send: (job: BatchJob) => Promise<unknown>,
    concurrency: number,
    requestsPerMinute = Number.MAX_SAFE_INTEGER,
    tokensPerMinute = Number.MAX_SAFE_INTEGER,
  ) {
    this.#send = send;
    this.#concurrency = concurrency;
    this.#requestsPerMinute = requestsPerMinute;
    this.#tokensPerMinute = tokensPerMinute;
    this.#requests = requestsPerMinute;
    this.#tokens = tokensPerMinute;
  }

  add(job: BatchJob): Promise<void> {
    const added = new Promise<void>((resolve, reject) => {
      this.#queue.push({ job, resolve, reject, attemptsLeft: ATTEMPTS });
    });
    if (!this.#isLooping) void this.#loop();
    return added;
  }

  async #loop(): Promise<void> {
    this.#isLooping = true;
    while (this.#queue.length + this.#retries.length + this.#running > 0) {
      this.#refill();
      const line = this.#retries.length > 0 ? this.#retries : this.#queue;
      const [next] = line;
      if (next !== undefined && this.#fits(next.job)) {
        line.shift();
        void this.#try(next);
        continue;
      }
      const pauseLeft = this.#refusedAt + PAUSE_MS - Date.now();
      await sleep(pauseLeft > 0 ? pauseLeft : TICK_MS);
    }
    this.#isLooping = false;
  }

  #refill(): void {
    const now = Date.now();
    const minutes = (now - this.#filledAt) / 60_000;
    this.#requests = Math.min(this.#requests + this.#requestsPerMinute * minutes, this.#requestsPerMinute);
    this.#tokens = Math.min(this.#tokens + this.#tokensPerMinute * minutes, this.#tokensPerMinute);
    this.#filledAt = now;
  }

  #fits(job: BatchJob): boolean {
    const isPaused = Date.now() < this.#refusedAt + PAUSE_MS;
    return !isPaused && this.#running < this.#concurrency && this.#requests >= 1 && this.#tokens >= tokensOf(job);
  }

  async #try(task: Task): Promise<void> {
    this.#requests -= 1;
    this.#tokens -= tokensOf(task.job);
    this.#running++;
    task.attemptsLeft--;
    try {
      await this.#send(task.job);
      task.resolve();
    } catch (error) {
      if (error instanceof OpenAI.APIError && error.status === 429) this.#refusedAt = Date.now();
      if (task.attemptsLeft > 0) this.#retries.push(task);
      else task.reject(error);
    } finally {
      this.#running--;
    }
  }
}

/** The most that it can take: the prompt and `max_tokens`. */
function tokensOf({ promptTokens, answerTokens, answerTokensMax }: BatchJob): number {
  return promptTokens + (answerTokensMax ?? answerTokens);
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs));
}
