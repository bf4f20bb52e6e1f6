/** What a scripted endpoint answers. */
import { jsonOf, type Script, type Step, streamOf } from '../../support/scripted-upstream.js';

const HEAD = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'deepseek-chat', system_fingerprint: 'f' };

/** One event of a stream. */
export function chunk(delta: object, finishReason: string | null = null, more: object = {}): string {
  return `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, delta, finish_reason: finishReason }], ...more })}\n\n`;
}

/** A whole stream that says the pieces. */
export function streamSaying(pieces: readonly string[], finishReason = 'stop'): Script {
  return streamOf(
    ...pieces.map((content) => chunk({ content })),
    chunk({ content: '' }, finishReason),
    'data: [DONE]\n\n',
  );
}

/** A stream that waits, and breaks off where the steps say so. */
export function streamWith(...steps: readonly Step[]): Script {
  return streamOf(...steps);
}

/** An error in the envelope, which it is of no use to ask for again. */
export function failing(status: number, message: string, headers: Record<string, string> = {}): Script {
  const body = { error: { message, type: 'x', param: null, code: 'x' } };
  return jsonOf(body, status, { 'x-request-id': `request-${status}`, 'x-should-retry': 'false', ...headers });
}

/** `GET /models`. */
export function models(...ids: string[]): Script {
  return jsonOf({ object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'test' })) });
}
