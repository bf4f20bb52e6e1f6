/** From a request to the job of an engine. */
import { parseJsonBody, readChatRequest } from '@plumb/wire';
import { CHAT_FORM } from '#server/inference/answer-form.js';
import { describeGeneration } from '#server/inference/describe-generation.js';
import type { Work } from '#server/inference/work.js';
import { makeBodies } from '../bodies.js';
import type { Scene } from '../scene.js';
import type { OpenSteps } from './index.js';

export const openDescribe: OpenSteps = (scene) => {
  const [small] = makeBodies();
  const request = readChatRequest(parseJsonBody(small!.bytes), small!.bytes);
  return [
    { name: 'resolve alone', run: () => scene.platform.catalog.resolve('deepseek-chat') },
    { name: 'all of it', run: () => describeGeneration(scene.context, { request, form: CHAT_FORM }) },
  ];
};

/** The work of a body, for other steps. */
export function describeWork({ context }: Scene, bytes: Uint8Array): Work {
  const request = readChatRequest(parseJsonBody(bytes), bytes);
  return describeGeneration(context, { request, form: CHAT_FORM });
}
