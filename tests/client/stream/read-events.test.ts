/** Server-sent events of a response, wherever its bytes are cut. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readEvents } from '#client/stream/read-events.js';
import { ScriptedUpstream, streamOf } from '../../support/scripted-upstream.js';
import { until } from '../../support/until.js';
import { collect, isKitError, ManualClock, responseOf } from '../support.js';

const dataOf = async (response: Response) => (await collect(readEvents(response))).map(({ data }) => data);

/** A text as UTF-8, cut at these places. */
function cut(text: string, places: readonly number[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((one, other) => one - other);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

describe('readEvents', () => {
  test('gives the data of every stream, whatever its line ends, its mark at the start and its cuts', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\r\n\0]/g, '·'));
    const property = fc.asyncProperty(
      fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
      fc.constantFrom('\n', '\r', '\r\n'),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 20 }),
      async (events, lineEnd, hasMark, places) => {
        const written = events.map((lines) =>
          [': keep-alive', ...lines.map((text) => `data: ${text}`), '', ''].join(lineEnd),
        );
        const expected = events
          .map((lines) => lines.join('\n'))
          .filter((data) => data !== '' && data.trim() !== '[DONE]');
        const response = responseOf(cut((hasMark ? '\ufeff' : '') + written.join(''), places));
        assert.deepEqual(await dataOf(response), expected);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test('skips comments, names without data and empty data', async () => {
    const response = responseOf([': keep-alive\n\nid: 1\n\ndata:\n\nevent: ping\ndata: 1\n\n']);
    assert.deepEqual(await collect(readEvents(response)), [{ event: 'ping', data: '1', id: '1' }]);
  });

  test('ends at [DONE] and leaves a connection that can be used again', async () => {
    const upstream = await ScriptedUpstream.start();
    upstream.answerChat(streamOf('data: 1\n\ndata: [DONE]\n\n', 'data: 2\n\n'));
    for (let round = 0; round < 3; round++) {
      const response = await fetch(`${upstream.url}/chat/completions`, { method: 'POST' });
      assert.deepEqual(await dataOf(response), ['1']);
      // The rest of a body is read in the background.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    }
    assert.equal(upstream.connectionsMade, 1);
    await upstream.close();
  });

  test('closes the connection when its reader leaves early', async () => {
    const upstream = await ScriptedUpstream.start();
    upstream.answerChat(streamOf('data: 1\n\n', 'hang!'));
    const response = await fetch(`${upstream.url}/chat/completions`, { method: 'POST' });
    for await (const { data } of readEvents(response)) {
      assert.equal(data, '1');
      break;
    }
    await upstream.requests[0]?.closed;
    await upstream.close();
  });

  test('refuses an event that is too large to be held', async () => {
    const piece = new Uint8Array(1024 * 1024).fill(0x61);
    const response = responseOf(['data: ', ...Array(17).fill(piece)]);
    await assert.rejects(collect(readEvents(response)), isKitError('invalid_answer'));
  });

  test('waits for the first event for its time, and after that for the time of a silence', async () => {
    const clock = new ManualClock();
    let send: (text: string) => void = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        send = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    const events = readEvents(new Response(body), { clock, stallTimeoutMs: 100, firstTokenTimeoutMs: 250 });
    const first = events.next();
    // 100, 100 and 90: a silence, and then what is left of the time for the first event.
    for (const [waitMs, text] of [
      [100, ': keep-alive\n\n'],
      [100, ': keep-alive\n\n'],
      [90, 'data: 1\n\n'],
    ] as const) {
      await until('the next bytes are waited for', () => clock.waits.length === 1);
      assert.deepEqual(clock.waits, [waitMs]);
      clock.advance(80);
      send(text);
      await until('they have come', () => clock.waits[0] !== waitMs - 80);
    }
    assert.equal((await first).value?.data, '1');
    const second = events.next();
    await until('the next bytes are waited for', () => clock.waits[0] === 100);
    clock.advance(100);
    await assert.rejects(second, isKitError('timeout'));
  });

  test('keep-alives do not put the first event off for ever', async () => {
    const clock = new ManualClock();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        clock.advance(50);
        controller.enqueue(new TextEncoder().encode(': keep-alive\n\n'));
      },
    });
    const events = readEvents(new Response(body), { clock, stallTimeoutMs: 100, firstTokenTimeoutMs: 250 });
    await assert.rejects(events.next(), isKitError('timeout'));
  });

  test('throws the reason of its signal', async () => {
    const controller = new AbortController();
    const events = readEvents(new Response(new ReadableStream({})), { signal: controller.signal });
    const next = events.next();
    controller.abort(new Error('enough'));
    await assert.rejects(next, /enough/);
  });
});
