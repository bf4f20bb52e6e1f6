/** An engine without a model that answers in several chunks, calls the first tool that it is given, and says what it used. */
import type {
  EmbeddingJob,
  Engine,
  EngineDescription,
  GenerationJob,
  GenerationSink,
  RunningGeneration,
} from '#server/engines/engine.js';
import { ended } from '../../support/played-engine.js';

/** The pieces of every answer, a token each. */
export const PIECES = ['One ', 'two ', 'three ', 'four.'] as const;
export const WHOLE = PIECES.join('');
/** The arguments of every call. */
export const ARGUMENTS = '{"city":"Paris"}';
export const PROMPT_TOKENS = 10;

export class TalkingEngine implements Engine {
  generations = 0;

  description(): EngineDescription {
    return { modelName: 'talks in pieces', contextTokens: 1024, completesTexts: true };
  }

  ready(): Promise<EngineDescription> {
    return Promise.resolve(this.description());
  }

  generate(job: GenerationJob, sink: GenerationSink): RunningGeneration {
    this.generations += 1;
    const { deltas, finishReason } = planAnswer(job);
    let said = 0;
    let isAborted = false;
    const end = () => ended({ prompt: PROMPT_TOKENS, completion: said });
    const speak = () => {
      if (isAborted) return sink.onEnd({ ...end(), finishReason: 'aborted' });
      const delta = deltas[said];
      if (delta === undefined) {
        return sink.onEnd({ ...end(), lastEvents: eventOf(job, { content: '' }, finishReason, end().usage) });
      }
      sink.onEvents(eventOf(job, delta, null));
      said += 1;
      setImmediate(speak);
    };
    setImmediate(() => {
      sink.onBegun();
      speak();
    });
    return {
      abort() {
        isAborted = true;
      },
    };
  }

  embed(job: EmbeddingJob, sink: GenerationSink): RunningGeneration {
    const end = ended({ prompt: PROMPT_TOKENS, completion: 0 });
    const data = [{ object: 'embedding', index: 0, embedding: [1, 0.5] }];
    const usage = { prompt_tokens: PROMPT_TOKENS, total_tokens: PROMPT_TOKENS };
    const answer = JSON.stringify({ object: 'list', data, model: job.model, usage });
    setImmediate(() => {
      sink.onBegun();
      sink.onEnd({ ...end, lastEvents: Buffer.from(`data: ${answer}\n\n`) });
    });
    return { abort() {} };
  }

  countInputTokens(): Promise<number> {
    return Promise.resolve(PROMPT_TOKENS);
  }

  countPromptTokens(): Promise<number> {
    return Promise.resolve(PROMPT_TOKENS);
  }

  async close(): Promise<void> {}
}

/** The deltas of an answer, a token each. */
function planAnswer({ request }: GenerationJob): { deltas: readonly object[]; finishReason: string } {
  const [tool] = request.tools ?? [];
  if (tool === undefined) return { deltas: PIECES.map((content) => ({ content })), finishReason: 'stop' };
  const half = ARGUMENTS.length / 2;
  const called = { index: 0, id: 'call_1', type: 'function', function: { name: tool.function.name, arguments: '' } };
  const piece = (text: string) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] });
  return {
    deltas: [{ tool_calls: [called] }, piece(ARGUMENTS.slice(0, half)), piece(ARGUMENTS.slice(half))],
    finishReason: 'tool_calls',
  };
}

function eventOf({ id, model, created }: GenerationJob, delta: object, finishReason: string | null, usage?: object) {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
  const head = { id, object: 'chat.completion.chunk', created, model, system_fingerprint: 'talks' };
  return Buffer.from(`data: ${JSON.stringify({ ...head, choices, ...(usage && { usage }) })}\n\n`);
}
