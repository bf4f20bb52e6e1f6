/** p-queue with its sliding window; it knows requests, not tokens. The SDK retries beneath it. */
import OpenAI from 'openai';
import PQueue from 'p-queue';
import { type Contender, requestOf } from './contender.js';

export const pQueue: Contender = {
  name: 'p-queue',
  title: 'p-queue strict + openai, 10 retries',
  isTold: 'limits',
  create({ baseURL, apiKey, model, fetch, concurrency, limits }) {
    const openai = new OpenAI({ baseURL, apiKey, fetch, maxRetries: 10 });
    const { requestsPerMinute } = limits;
    const window =
      requestsPerMinute === undefined ? {} : { intervalCap: requestsPerMinute, interval: 60_000, strict: true };
    const queue = new PQueue({ concurrency, ...window });
    return (job) => queue.add(() => openai.chat.completions.create(requestOf(job, model)));
  },
};
