/** The Vercel AI SDK with its own retries, and p-limit around it. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import pLimit from 'p-limit';
import { writePrompt } from '../../job-text.js';
import type { Contender } from './contender.js';

export const aiSdk: Contender = {
  name: 'ai-sdk-10',
  title: 'AI SDK + p-limit, 10 retries',
  isTold: 'concurrency',
  create({ baseURL, apiKey, model: name, fetch, concurrency }) {
    const model = createOpenAICompatible({ name: 'plumb', baseURL, apiKey, fetch })(name);
    const limit = pLimit(concurrency);
    return (job) =>
      limit(() =>
        generateText({
          model,
          prompt: writePrompt(job),
          maxRetries: 10,
          ...(job.answerTokensMax !== undefined && { maxOutputTokens: job.answerTokensMax }),
        }),
      );
  },
};
