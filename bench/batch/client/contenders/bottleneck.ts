/** Bottleneck with a reservoir for each minute, as its documentation shows for quotas; the SDK retries beneath it. */
import Bottleneck from 'bottleneck';
import OpenAI from 'openai';
import { type Contender, requestOf } from './contender.js';

export const bottleneck: Contender = {
  name: 'bottleneck',
  title: 'Bottleneck reservoir + openai, 10 retries',
  isTold: 'limits',
  create({ baseURL, apiKey, model, fetch, concurrency, limits }) {
    const openai = new OpenAI({ baseURL, apiKey, fetch, maxRetries: 10 });
    const { requestsPerMinute, tokensPerMinute } = limits;
    const requests = new Bottleneck({ maxConcurrent: concurrency, ...reservoirOf(requestsPerMinute) });
    if (tokensPerMinute === undefined) {
      return (job) => requests.schedule(() => openai.chat.completions.create(requestOf(job, model)));
    }
    // A weight cannot be put right afterwards, so it is the most that a job can take.
    const tokens = new Bottleneck(reservoirOf(tokensPerMinute));
    return (job) =>
      requests.schedule(() =>
        tokens.schedule({ weight: job.promptTokens + (job.answerTokensMax ?? job.answerTokens) }, () =>
          openai.chat.completions.create(requestOf(job, model)),
        ),
      );
  },
};

function reservoirOf(perMinute: number | undefined): Bottleneck.ConstructorOptions {
  if (perMinute === undefined) return {};
  return { reservoir: perMinute, reservoirRefreshAmount: perMinute, reservoirRefreshInterval: 60_000 };
}
