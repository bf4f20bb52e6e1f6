/** What is answered to a request for which a cassette has nothing. */
import type { SentRequest } from '../format/sent-request.js';
import type { RecordedAnswer } from './cassette.js';

/** To whoever asks the replay itself: 404 with the error body of the format. */
export function answerMissToClient(_request: SentRequest, explanation: string): RecordedAnswer {
  return errorAnswer(404, 'Not Found', explanation);
}

/**
 * To the engine of a pool. A probe that was not recorded finds it well. The status of any other miss says that the request
 * would fail anywhere, so that its client reads the explanation and the engine stays in the pool.
 */
export function answerMissToEngine({ method, path }: SentRequest, explanation: string): RecordedAnswer {
  if (method !== 'GET') return errorAnswer(400, 'Bad Request', explanation);
  const isList = path.split('?')[0]?.endsWith('/models') === true;
  return isList ? errorAnswer(404, 'Not Found', explanation) : answerOf(200, 'OK', '');
}

function errorAnswer(status: number, reason: string, explanation: string): RecordedAnswer {
  const error = { message: `${explanation}.`, type: 'invalid_request_error', param: null, code: 'not_recorded' };
  return answerOf(status, reason, JSON.stringify({ error }));
}

function answerOf(status: number, reason: string, body: string): RecordedAnswer {
  const bytes = Buffer.from(body);
  const headers = [
    ['content-type', 'application/json'],
    ['content-length', String(bytes.length)],
  ] as const;
  return {
    response: { at: 0, status, reason, headers, chunks: bytes.length === 0 ? [] : [{ at: 0, bytes }] },
    endAt: 0,
  };
}
