/** Takes an exchange as what a case needs it to be, or ends the case. */
import { Finding, must, shorten, show, skip } from '../finding.js';
import type { Exchange } from '../http/exchange.js';
import { at, parseJson, textAt } from './at.js';
import { readStream, type StreamReading } from './stream.js';

/** Words of endpoints for what they do not have. */
const ABSENT_WORDS =
  /not (?:be )?(?:supported|implemented|available|enabled|configured|trained)|unsupported|(?:does|do|can)(?:n't|not| not) support|unavailable|--jinja|unrecognized request argument/i;

/**
 * The JSON of an answer with status 200. `ability` names what the endpoint may not have: where it says so, the case is
 * skipped.
 *
 * @throws Finding
 */
export function readAnswer(exchange: Exchange, ability?: string): unknown {
  requireOk(exchange, ability);
  const answer = parseJson(exchange.text);
  must(answer !== undefined, 'an answer in JSON', describeExchange(exchange));
  return answer;
}

/** The first choice of such an answer. @throws Finding */
export function readChoice(exchange: Exchange, ability?: string): unknown {
  const choice = at(readAnswer(exchange, ability), 'choices.0');
  must(choice !== undefined, 'an answer with a choice', exchange.text);
  return choice;
}

/** A streamed answer with status 200, and at least one event. @throws Finding */
export function readStreamed(exchange: Exchange, ability?: string): StreamReading {
  requireOk(exchange, ability);
  const stream = readStream(exchange);
  must(stream.data.length > 0, 'an answer in server-sent events', describeExchange(exchange));
  return stream;
}

/** Status 200. @throws Finding */
export function requireOk(exchange: Exchange, ability?: string): void {
  if (exchange.status === 429) skip(`the endpoint refused for its limits: ${shorten(exchange.text)}`);
  if (ability !== undefined && saysAbsent(exchange)) skip(`no ${ability} here: ${describeExchange(exchange)}`);
  must(exchange.status === 200, 'status 200', describeExchange(exchange));
}

/** Whether an endpoint refuses because it does not have what is asked for. */
export function saysAbsent({ status, text }: Exchange): boolean {
  return status === 404 || status === 501 || (status >= 400 && ABSENT_WORDS.test(text));
}

/**
 * One of some statuses, among them those that clients can live with.
 *
 * @throws Finding
 */
export function requireRefusal(
  exchange: Exchange,
  statuses: readonly number[],
  tolerated: readonly number[] = [],
): void {
  if (exchange.status === 429 && !statuses.includes(429)) skip('the endpoint refused for its limits');
  if (statuses.includes(exchange.status)) return;
  const outcome = tolerated.includes(exchange.status) ? 'warn' : 'fail';
  throw new Finding(outcome, `status ${statuses.join(' or ')}`, describeExchange(exchange));
}

/** The message of an error, in the envelope or bare. */
export function messageOf({ text }: Exchange): string {
  return textAt(parseJson(text), 'error.message') || text;
}

/** Status and beginning of the body. */
export function describeExchange({ status, text }: Exchange): string {
  const error = at(parseJson(text), 'error');
  const said = error === undefined ? shorten(text) : show(error);
  return `status ${status}${said === '' ? ' without a body' : `: ${said}`}`;
}
