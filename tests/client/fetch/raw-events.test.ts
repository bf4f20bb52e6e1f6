/** Cutting the bytes of a stream behind its events: properties for every stream and every cut. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RawEvents } from '#client/fetch/raw-events.js';
import { EventDecoder } from '#wire/sse/event-decoder.js';

const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  fc.constantFrom(': keep-alive', 'event: message', 'data:', 'id: 7', 'retry: 10', 'data: [DONE]'),
);
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const event = fc
  .tuple(fc.array(line, { maxLength: 4 }), lineEnd)
  .map(([lines, end]) => lines.map((one) => one + end).join('') + end);
const stream = fc
  .tuple(fc.boolean(), fc.array(event, { maxLength: 8 }), fc.string({ maxLength: 10 }))
  .map(([hasMark, events, tail]) =>
    Buffer.from(`${hasMark ? '\ufeff' : ''}${events.join('')}${tail.replace(/[\r\n]/g, '')}`),
  );

/** The stream cut into pieces at random places. */
const cutStream = stream.chain((bytes) =>
  fc.array(fc.nat(bytes.length), { maxLength: 12 }).map((cuts) => {
    const places = [0, ...cuts.sort((first, second) => first - second), bytes.length];
    return { bytes, pieces: places.slice(1).map((place, index) => bytes.subarray(places[index], place)) };
  }),
);

describe('cutting a stream into its events', () => {
  test('gives back the very bytes, in order, wherever they were cut', () => {
    fc.assert(
      fc.property(cutStream, ({ bytes, pieces }) => {
        const raw = new RawEvents();
        const events = pieces.flatMap((piece) => raw.push(piece));
        assert.deepEqual(Buffer.concat([...events, raw.rest]), bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('gives one event of the standard for each that has data, as the decoder of the whole stream does', () => {
    fc.assert(
      fc.property(cutStream, ({ bytes, pieces }) => {
        const raw = new RawEvents();
        const decoder = new EventDecoder();
        const decoded = pieces.flatMap((piece) => raw.push(piece)).map((one) => decoder.push(one));
        for (const events of decoded) assert.ok(events.length <= 1);
        const whole = new EventDecoder().push(bytes);
        // A carriage return at the very end may be half of a line end: what it ends is kept until more comes.
        const missing = whole.length - decoded.flat().length;
        assert.ok(missing === 0 || (missing === 1 && bytes.at(-1) === 13), `${missing} events are missing`);
        assert.deepEqual(decoded.flat(), whole.slice(0, whole.length - missing));
      }),
      { numRuns: 1000 },
    );
  });

  test('never keeps an event longer than it must: with line feeds, what has ended is handed on at once', () => {
    const raw = new RawEvents();
    assert.deepEqual(raw.push(Buffer.from('data: a\n')).length, 0);
    assert.deepEqual(raw.push(Buffer.from('\ndata: b\n\ndata: c')).length, 2);
    assert.equal(Buffer.from(raw.rest).toString(), 'data: c');
  });

  test('refuses an event that would fill the memory', () => {
    const raw = new RawEvents();
    const piece = Buffer.alloc(1024 * 1024, 'x');
    assert.throws(() => {
      for (let megabytes = 0; megabytes < 20; megabytes++) raw.push(piece);
    }, /larger than 16777216 bytes/);
  });
});
