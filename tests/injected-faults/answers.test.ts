/** Every fault on the wire: what the client gets, how the request ended, what it is charged, and that nothing stays taken. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FaultRuleSettings } from '#server/faults/fault-settings.js';
import { FAULT_NAMES, type FaultName } from '#server/faults/fault-table.js';
import { CHAT, contentOf, eventsOf, type Received, startFaulty, TOOL } from './support/faulty.js';
import { ARGUMENTS, PIECES, PROMPT_TOKENS, WHOLE } from './support/talking-engine.js';

/** Nano-units of a token, as the priced model has them. */
const PROMPT_COST = BigInt(PROMPT_TOKENS) * 1000n;
const ANSWER_TOKEN_COST = 2000n;
const WHOLE_TOKENS = PIECES.length;

interface Expectation {
  readonly rule: FaultRuleSettings;
  readonly stream: boolean;
  /** What the usage record says; undefined where there is none, because nothing was generated. */
  readonly outcome?: 'completed' | 'client_left' | 'failed';
  /** The tokens of the answer that are paid for; undefined where nothing is. */
  readonly paidTokens?: number | 'some';
  readonly tools?: true;
  check(received: Received): void;
}

const isError = (json: string, type: string) => assert.equal(JSON.parse(json).error.type, type);
const contentOfBody = ({ body }: Received) => JSON.parse(body).choices[0].message.content;
const completed = { outcome: 'completed', paidTokens: WHOLE_TOKENS } as const;

const CASES: Record<string, Expectation> = {
  'status: refused, nothing counts': {
    rule: { fault: 'status', status: 429, retry_after_s: 2 },
    stream: true,
    check({ status, headers, body }) {
      assert.deepEqual([status, headers['retry-after']], [429, '2']);
      assert.equal(headers['x-ratelimit-remaining-requests'], '1000');
      isError(body, 'rate_limit_error');
    },
  },
  'latency: the answer': {
    rule: { fault: 'latency', delay_s: 0.02 },
    stream: false,
    ...completed,
    check: (received) => assert.equal(contentOfBody(received), WHOLE),
  },
  'silence, buffered: blank lines, then the answer': {
    rule: { fault: 'silence', duration_s: 0.03, interval_s: 0.01 },
    stream: false,
    ...completed,
    check(received) {
      assert.match(received.body, /^\n{3,5}\{/);
      assert.equal(contentOfBody(received), WHOLE);
    },
  },
  'silence, streamed: keep-alives, then the answer': {
    rule: { fault: 'silence', duration_s: 0.03, interval_s: 0.01 },
    stream: true,
    ...completed,
    check(received) {
      assert.match(received.body, /^(?:: keep-alive\n\n){3,5}data: /);
      assert.equal(contentOf(received), WHOLE);
      assert.ok(received.body.endsWith('data: [DONE]\n\n'));
    },
  },
  'blank_lines, buffered: nothing else, nothing counts': {
    rule: { fault: 'blank_lines', duration_s: 0.02, interval_s: 0.01 },
    stream: false,
    check({ status, headers, body, isWhole }) {
      assert.deepEqual([status, headers['content-type'], isWhole], [200, 'application/json', true]);
      assert.match(body, /^\n{2,4}$/);
    },
  },
  'blank_lines, streamed: nothing else, nothing counts': {
    rule: { fault: 'blank_lines' },
    stream: true,
    check: ({ status, body }) => assert.deepEqual([status, body], [200, ': keep-alive\n\n']),
  },
  'error_in_200, buffered: an error, nothing counts': {
    rule: { fault: 'error_in_200' },
    stream: false,
    check({ status, body }) {
      assert.equal(status, 200);
      assert.match(body, /^\n\{/);
      isError(body, 'service_unavailable_error');
    },
  },
  'error_in_200, streamed: an error, nothing counts': {
    rule: { fault: 'error_in_200', status: 500 },
    stream: true,
    check(received) {
      assert.equal(received.status, 200);
      const [event = '', ...more] = eventsOf(received);
      isError(event, 'server_error');
      assert.deepEqual(more, []);
    },
  },
  'cut, streamed: a reset after two chunks, and those are paid for': {
    rule: { fault: 'cut', after: 2 },
    stream: true,
    outcome: 'client_left',
    paidTokens: 'some',
    check(received) {
      assert.deepEqual([received.status, received.isWhole, received.wasReset], [200, false, true]);
      assert.equal(contentOf(received), PIECES.slice(0, 2).join(''));
    },
  },
  'cut, streamed: the connection is closed before the last chunk of a shorter answer': {
    rule: { fault: 'cut', after: 100, how: 'close' },
    stream: true,
    outcome: 'client_left',
    paidTokens: WHOLE_TOKENS,
    check(received) {
      assert.deepEqual([received.isWhole, received.wasReset], [false, false]);
      assert.equal(contentOf(received), WHOLE);
      assert.ok(!received.body.includes('"stop"'));
    },
  },
  'cut, streamed: ends as if it were whole': {
    rule: { fault: 'cut', how: 'end' },
    stream: true,
    outcome: 'client_left',
    paidTokens: 'some',
    check(received) {
      assert.equal(received.isWhole, true);
      assert.equal(contentOf(received), PIECES[0]);
      assert.equal(eventsOf(received).length, 1);
    },
  },
  'cut, buffered: no answer at all': {
    rule: { fault: 'cut' },
    stream: false,
    outcome: 'client_left',
    paidTokens: 'some',
    check: ({ status, wasReset }) => assert.deepEqual([status, wasReset], [0, true]),
  },
  'error_event: an error after two chunks, and nothing is paid': {
    rule: { fault: 'error_event', after: 2 },
    stream: true,
    outcome: 'failed',
    check(received) {
      const events = eventsOf(received);
      assert.equal(contentOf(received), PIECES.slice(0, 2).join(''));
      isError(events.at(-1) ?? '', 'service_unavailable_error');
      assert.equal(events.length, 3);
    },
  },
  'error_event: an error in place of the last chunk of a shorter answer': {
    rule: { fault: 'error_event', after: 100, status: 500 },
    stream: true,
    outcome: 'failed',
    check: (received) => isError(eventsOf(received).at(-1) ?? '', 'server_error'),
  },
  'insufficient_system_resource, streamed: its usage is what is paid': {
    rule: { fault: 'insufficient_system_resource', after: 2 },
    stream: true,
    outcome: 'completed',
    paidTokens: 'some',
    check(received) {
      assert.equal(contentOf(received), PIECES.slice(0, 2).join(''));
      const last = JSON.parse(eventsOf(received).at(-2) ?? '');
      assert.equal(last.choices[0].finish_reason, 'insufficient_system_resource');
      assert.ok(last.usage.completion_tokens < WHOLE_TOKENS);
      assert.equal(eventsOf(received).at(-1), '[DONE]');
    },
  },
  'insufficient_system_resource, buffered': {
    rule: { fault: 'insufficient_system_resource', after: 2 },
    stream: false,
    outcome: 'completed',
    paidTokens: 'some',
    check({ body }) {
      const [choice] = JSON.parse(body).choices;
      assert.deepEqual(
        [choice.message.content, choice.finish_reason],
        [PIECES.slice(0, 2).join(''), 'insufficient_system_resource'],
      );
    },
  },
  'empty_content, streamed': {
    rule: { fault: 'empty_content' },
    stream: true,
    ...completed,
    check(received) {
      assert.equal(contentOf(received), '');
      assert.equal(eventsOf(received).length, PIECES.length + 2);
    },
  },
  'empty_content, buffered': {
    rule: { fault: 'empty_content' },
    stream: false,
    ...completed,
    check(received) {
      assert.equal(contentOfBody(received), '');
      assert.equal(JSON.parse(received.body).usage.completion_tokens, WHOLE_TOKENS);
    },
  },
  'invalid_tool_json, streamed': {
    rule: { fault: 'invalid_tool_json' },
    stream: true,
    tools: true,
    outcome: 'completed',
    paidTokens: 3,
    check(received) {
      const chunks = eventsOf(received).slice(0, -1);
      const pieces = chunks.map((data) => JSON.parse(data).choices[0].delta.tool_calls?.[0].function.arguments ?? '');
      assert.equal(pieces.join(''), ARGUMENTS.slice(0, -1));
    },
  },
  'invalid_tool_json, buffered': {
    rule: { fault: 'invalid_tool_json' },
    stream: false,
    tools: true,
    outcome: 'completed',
    paidTokens: 3,
    check({ body }) {
      const [call] = JSON.parse(body).choices[0].message.tool_calls;
      assert.deepEqual([call.id, call.function.arguments], ['call_1', ARGUMENTS.slice(0, -1)]);
    },
  },
  'malformed_chunk: one event is no JSON': {
    rule: { fault: 'malformed_chunk', after: 2 },
    stream: true,
    ...completed,
    check(received) {
      const broken = eventsOf(received)
        .slice(0, -1)
        .map((data) => {
          try {
            return JSON.parse(data) === undefined;
          } catch {
            return true;
          }
        });
      assert.deepEqual(broken, [false, false, true, false, false]);
    },
  },
  'duplicate_chunk: one chunk comes twice': {
    rule: { fault: 'duplicate_chunk', after: 2 },
    stream: true,
    ...completed,
    check: (received) => assert.equal(contentOf(received), 'One two three three four.'),
  },
  'duplicate_chunk: the last one of a shorter answer': {
    rule: { fault: 'duplicate_chunk', after: 100 },
    stream: true,
    ...completed,
    check: ({ body }) => assert.equal(body.split('"stop"').length - 1, 2),
  },
  'missing_finish_reason, streamed': {
    rule: { fault: 'missing_finish_reason' },
    stream: true,
    ...completed,
    check(received) {
      const chunks = eventsOf(received)
        .slice(0, -1)
        .map((data) => JSON.parse(data));
      assert.ok(chunks.every(({ choices }) => choices[0].finish_reason === null));
      assert.equal(chunks.at(-1).usage.completion_tokens, WHOLE_TOKENS);
    },
  },
  'missing_finish_reason, buffered': {
    rule: { fault: 'missing_finish_reason' },
    stream: false,
    ...completed,
    check(received) {
      assert.ok(!('finish_reason' in JSON.parse(received.body).choices[0]));
      assert.equal(contentOfBody(received), WHOLE);
    },
  },
  missing_done: {
    rule: { fault: 'missing_done' },
    stream: true,
    ...completed,
    check(received) {
      assert.deepEqual([contentOf(received), received.isWhole], [WHOLE, true]);
      assert.ok(!received.body.includes('[DONE]'));
    },
  },
  'truncated_json: half of the body, with the length that it has': {
    rule: { fault: 'truncated_json' },
    stream: false,
    ...completed,
    check({ body, headers, isWhole }) {
      assert.throws(() => JSON.parse(body), SyntaxError);
      assert.deepEqual([headers['content-length'], isWhole], [String(body.length), true]);
    },
  },
  'stall: the rest comes later': {
    rule: { fault: 'stall', after: 2, duration_s: 0.03 },
    stream: true,
    ...completed,
    check(received) {
      assert.equal(contentOf(received), WHOLE);
      assert.ok(received.body.endsWith('data: [DONE]\n\n'));
      assert.ok(!received.body.includes('keep-alive'));
    },
  },
  'stall, with keep-alives': {
    rule: { fault: 'stall', after: 2, duration_s: 0.03, keep_alives: true, interval_s: 0.01 },
    stream: true,
    ...completed,
    check(received) {
      assert.match(received.body, /two .*\n\n(?:: keep-alive\n\n){2,3}data: .*three /);
      assert.equal(contentOf(received), WHOLE);
    },
  },
  'slow_drip, streamed: the whole answer': {
    rule: { fault: 'slow_drip', bytes_per_s: 10_000 },
    stream: true,
    ...completed,
    check(received) {
      assert.equal(contentOf(received), WHOLE);
      assert.deepEqual([received.body.endsWith('data: [DONE]\n\n'), received.isWhole], [true, true]);
    },
  },
  'slow_drip, buffered: the whole answer': {
    rule: { fault: 'slow_drip', bytes_per_s: 10_000 },
    stream: false,
    ...completed,
    check: (received) => assert.equal(contentOfBody(received), WHOLE),
  },
};

describe('a fault', () => {
  for (const [name, { rule, stream, outcome, paidTokens, tools, check }] of Object.entries(CASES)) {
    test(name, async (context) => {
      const { add, send, operator, plumb, atRest, faults } = await startFaulty(context);
      add(rule);
      const received = await send({ ...CHAT, stream, ...(tools && { tools: [TOOL] }) });
      check(received);
      if (received.status > 0) assert.equal(received.headers['x-plumb-fault'], 'test');
      faults.clear();
      // The one place of the account is free again.
      const after = await send({ ...CHAT });
      assert.deepEqual([after.status, after.headers['x-plumb-fault']], [200, undefined]);
      await atRest();
      await operator.assertSettled();
      const [record, ...more] = await operator.usage();
      const [seen, last] = more.length === 0 ? [undefined, record] : [record, more[0]];
      assert.equal(last?.cost, PROMPT_COST + BigInt(WHOLE_TOKENS) * ANSWER_TOKEN_COST);
      assert.equal(seen?.outcome, outcome);
      assertPaid(seen, paidTokens);
      const paid = (seen?.cost ?? 0n) + (last?.cost ?? 0n);
      const balance = await operator.balanceOf(plumb.account.id);
      assert.equal(balance.toppedUp, 1_000_000_000_000n - paid);
    });
  }

  test('of every name is among these', () => {
    const tried = new Set(Object.values(CASES).map(({ rule }) => rule.fault));
    assert.deepEqual([...tried].sort(), ([...FAULT_NAMES] as FaultName[]).sort());
  });
});

function assertPaid(
  seen: { readonly cost: bigint; readonly completionTokens: number } | undefined,
  paidTokens: number | 'some' | undefined,
): void {
  if (paidTokens === undefined) {
    assert.equal(seen?.cost ?? 0n, 0n);
    return;
  }
  assert.ok(seen !== undefined);
  assert.equal(seen.cost, PROMPT_COST + BigInt(seen.completionTokens) * ANSWER_TOKEN_COST);
  if (paidTokens === 'some') assert.ok(seen.completionTokens > 0 && seen.completionTokens < WHOLE_TOKENS);
  else assert.equal(seen.completionTokens, paidTokens);
}
