/** Folding the events of a stream into one body, as a buffered answer is made. */
import { EventDecoder, encodeEvent } from '@plumb/wire';
import { CHAT_FORM } from '#server/inference/answer-form.js';
import { createChunks } from '../../support/stub-answers.js';
import type { Step } from '../measure.js';
import type { OpenSteps } from './index.js';

export const openFold: OpenSteps = () => [foldStep(4), foldStep(64), foldStep(256)];

function foldStep(chunks: number): Step {
  const events = createChunks(chunks).slice(0, -1);
  const texts = new EventDecoder().push(Buffer.concat(events)).map(({ data }) => data);
  const bytes = Buffer.from(texts.map(encodeEvent).join(''));
  const run = () => {
    const fold = CHAT_FORM.openFold();
    for (const { data } of new EventDecoder().push(bytes)) fold.add(data);
    return fold.body();
  };
  return { name: `${chunks} chunks, from bytes to the body`, run };
}
