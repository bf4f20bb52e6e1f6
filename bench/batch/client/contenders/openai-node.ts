/** The OpenAI SDK with its own retries, and p-limit around it: what most people write. */
import OpenAI from 'openai';
import pLimit from 'p-limit';
import { type Contender, requestOf } from './contender.js';

/** As it comes. */
export const openai2: Contender = createContender('openai-2', 'openai + p-limit, 2 retries', 2);
export const openai10: Contender = createContender('openai-10', 'openai + p-limit, 10 retries', 10);

function createContender(name: string, title: string, maxRetries: number): Contender {
  return {
    name,
    title,
    isTold: 'concurrency',
    create({ baseURL, apiKey, model, fetch, concurrency }) {
      const openai = new OpenAI({ baseURL, apiKey, fetch, maxRetries });
      const limit = pLimit(concurrency);
      return (job) => limit(() => openai.chat.completions.create(requestOf(job, model)));
    },
  };
}
