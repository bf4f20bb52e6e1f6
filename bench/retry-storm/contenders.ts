/** The clients of the storm: each is a process of its own in the real world, with its own state. */
import OpenAI from 'openai';
import { createKit } from '#client/index.js';
import type { VirtualTime } from '../support/virtual-time.js';
import type { OutageEndpoint } from './outage.js';

/** Does one job; resolves with whether it was done. */
export type Client = () => Promise<boolean>;

export interface Contender {
  readonly name: string;
  create(endpoint: OutageEndpoint, time: VirtualTime, random: () => number): Client;
}

const REQUEST = { model: 'deepseek-chat', messages: [{ role: 'user' as const, content: 'Hi' }] };
const BASE = { baseURL: 'http://endpoint.test/v1', apiKey: 'sk-bench' };

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'plumb kit, as it comes',
    create: (endpoint, clock, random) => {
      const kit = createKit({ ...BASE, fetch: endpoint.fetch, clock, random });
      return createJob(new OpenAI({ ...kit.openai() }));
    },
  },
  {
    name: 'openai-node, as it comes',
    create: (endpoint) => createJob(new OpenAI({ ...BASE, fetch: endpoint.fetch })),
  },
  {
    name: 'openai-node in a loop',
    create: (endpoint, time) => {
      const job = createJob(new OpenAI({ ...BASE, fetch: endpoint.fetch }));
      return async () => {
        // What people write who may lose no job.
        while (!(await job())) await time.sleep(1000);
        return true;
      };
    },
  },
];

function createJob(openai: OpenAI): Client {
  return async () => {
    try {
      await openai.chat.completions.create(REQUEST);
      return true;
    } catch {
      return false;
    }
  };
}
