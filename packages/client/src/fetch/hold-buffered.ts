/** Reads a buffered answer to its end before it is handed on: only then it is certain that it is one. */
import { type AnswerFacts, type JsonObject, parseObject } from '../dialects/dialect.js';
import { AnswerTally } from './answer-tally.js';
import { type AttemptResult, type Running, toFailure } from './attempt.js';
import { codeOf, type Failure, judge, requestIdOf } from './failure.js';
import type { Generation } from './outgoing.js';
import { rebuildHead } from './rebuild-head.js';

export async function holdBuffered(running: Running, { dialect }: Generation): Promise<AttemptResult> {
  const { response, context, release } = running;
  const text = await readText(running);
  release();
  const answer = parseObject(text);
  const facts = answer === undefined ? {} : dialect.readAnswer(answer);
  const failure = findFailure(text, answer, facts, response);
  if (failure !== undefined) return { kind: 'failure', failure, verdict: judge(failure.code, undefined) };
  const tally = new AnswerTally();
  tally.add(facts);
  context.ended({ how: 'complete', tally });
  const { turnBack } = context.prepared;
  const handedOn = answer === undefined || turnBack === undefined ? text : JSON.stringify(turnBack(answer));
  return {
    kind: 'answer',
    response: new Response(handedOn, rebuildHead(response)),
    requestId: requestIdOf(response.headers),
  };
}

/** All of the body, without the blank lines that kept the connection alive. */
async function readText({ response, watchdog, context: { timeouts } }: Running): Promise<string> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const hadBegun = text !== '';
    text = (text + decoder.decode(read.value, { stream: true })).trimStart();
    // Blank lines before the answer do not put its beginning off.
    if (hadBegun) watchdog.heard();
    else if (text !== '') watchdog.expect(timeouts.stallMs, `The answer stopped for ${timeouts.stallMs / 1000} s.`);
  }
  return text + decoder.decode();
}

function findFailure(
  text: string,
  answer: JsonObject | undefined,
  facts: AnswerFacts,
  { headers }: Response,
): Failure | undefined {
  if (facts.error !== undefined) {
    const status = statusOf(facts.error.code);
    return toFailure(codeOf(status, facts.error), facts.error, { status, headers });
  }
  const isGone = facts.finish === 'insufficient_system_resource';
  if (answer !== undefined && facts.hasOutput && !isGone) return undefined;
  const message = isGone ? INTERRUPTED : text === '' ? BLANK : answer === undefined ? NO_JSON : NO_ANSWER;
  return toFailure(
    'invalid_answer',
    { message, type: 'invalid_answer', code: 'invalid_answer' },
    { status: 502, headers },
  );
}

const INTERRUPTED = 'The endpoint broke the answer off for lack of resources.';
const BLANK = 'The endpoint answered 200 with nothing but blank lines.';
const NO_JSON = 'The endpoint answered 200 with a body that is no whole JSON object.';
const NO_ANSWER = 'The endpoint answered 200 with JSON that holds no answer.';

/** The status that an error in a body stands for, where its code is one. */
export function statusOf(code: string | number | undefined): number {
  const status = Number(code);
  return Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500;
}
