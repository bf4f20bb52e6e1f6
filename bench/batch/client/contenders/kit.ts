/** Our kit inside the OpenAI SDK: one line in existing code. */
import OpenAI from 'openai';
import pLimit from 'p-limit';
import { createKit } from '#client/index.js';
import { shareLimits } from '#client/node/index.js';
import { type Contender, requestOf } from './contender.js';

/** All jobs at once: the kit holds them. It is told what Plumb's documentation says: `max_tokens` counts until an answer ends. */
export const kitTold: Contender = {
  name: 'kit-told',
  title: 'Plumb kit, limits told',
  isTold: 'limits',
  create({ baseURL, apiKey, model, fetch, limits, concurrency }) {
    const kit = createKit({ baseURL, apiKey, fetch, limits: { ...limits, concurrency, charge: 'reservation' } });
    const openai = new OpenAI({ ...kit.openai() });
    return (job) => openai.chat.completions.create(requestOf(job, model));
  },
};

/** Processes of one machine know of each other through a file. */
export const kitShared: Contender = {
  name: 'kit-shared',
  title: 'Plumb kit, limits told and shared through a file',
  isTold: 'limits',
  isForSeveral: true,
  create({ baseURL, apiKey, model, fetch, limits, concurrency, folder }) {
    const told = { ...limits, concurrency: concurrency * 2, charge: 'reservation' as const };
    const kit = createKit({ baseURL, apiKey, fetch, limits: told, createLimiter: shareLimits(folder) });
    const openai = new OpenAI({ ...kit.openai() });
    const limit = pLimit(concurrency);
    return (job) => limit(() => openai.chat.completions.create(requestOf(job, model)));
  },
};

/** It finds the limits by itself; p-limit holds what the others are held to as well. */
export const kitUntold: Contender = {
  name: 'kit-untold',
  title: 'Plumb kit, nothing told',
  isTold: 'nothing',
  readsRefusals: true,
  create({ baseURL, apiKey, model, fetch, concurrency }) {
    const kit = createKit({ baseURL, apiKey, fetch });
    const openai = new OpenAI({ ...kit.openai() });
    const limit = pLimit(concurrency);
    return (job) => limit(() => openai.chat.completions.create(requestOf(job, model)));
  },
};
