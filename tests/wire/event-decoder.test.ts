/** Events are read as the WHATWG HTML standard says, wherever the bytes are cut. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  DONE_EVENT,
  EventDecoder,
  encodeEvent,
  KEEP_ALIVE_COMMENT,
  MAX_EVENT_BYTES,
  type ServerSentEvent,
} from '@plumb/wire';
import fc from 'fast-check';
import { bytesOf } from './support.js';

/** All events of a stream that comes in these pieces. */
function decode(...pieces: (string | Uint8Array)[]): ServerSentEvent[] {
  const decoder = new EventDecoder();
  return pieces.flatMap((piece) => decoder.push(typeof piece === 'string' ? bytesOf(piece) : piece));
}

const message = (data: string, id = ''): ServerSentEvent => ({ event: 'message', data, id });

describe('writing', () => {
  test('an event is a line of data and an empty line', () => {
    assert.equal(encodeEvent('{"a":1}'), 'data: {"a":1}\n\n');
    assert.equal(DONE_EVENT, 'data: [DONE]\n\n');
    assert.equal(KEEP_ALIVE_COMMENT, ': keep-alive\n\n');
  });

  test('what was written is read again', () => {
    const written = KEEP_ALIVE_COMMENT + encodeEvent('{"a":"é😀"}') + KEEP_ALIVE_COMMENT + DONE_EVENT;
    assert.deepEqual(decode(written), [message('{"a":"é😀"}'), message('[DONE]')]);
  });
});

describe('reading', () => {
  // The first four are the examples of the standard.
  const cases: [string, string, ServerSentEvent[]][] = [
    ['lines of data are joined', 'data: YHOO\ndata: +2\ndata: 10\n\n', [message('YHOO\n+2\n10')]],
    [
      'ids last until they are changed, comments are skipped, and a cut event is dropped',
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event',
      [message('first event', '1'), message('second event')],
    ],
    ['data without a value is an empty line', 'data\n\ndata\ndata\n\ndata:', [message(''), message('\n')]],
    [
      'one space after the colon is not part of the value',
      'data:test\n\ndata: test\n\ndata:  test\n\n',
      [message('test'), message('test'), message(' test')],
    ],
    [
      'an event can have a name, which the next does not inherit',
      'event: ping\ndata: 1\n\ndata: 2\n\n',
      [{ event: 'ping', data: '1', id: '' }, message('2')],
    ],
    ['an event without data is none, and its name is forgotten', 'event: ping\n\ndata: 1\n\n', [message('1')]],
    ['an id without data counts for the next event', 'id: 7\n\ndata: 1\n\n', [message('1', '7')]],
    ['an id with a null is ignored', 'id: 7\ndata: 1\n\nid: a\0b\ndata: 2\n\n', [message('1', '7'), message('2', '7')]],
    [
      'unknown fields and fields with other spellings are ignored',
      'Data: 1\n data: 2\nfoo: 3\nfoo\ndata: 4\n\n',
      [message('4')],
    ],
    ['values keep their colons', 'data: {"a":"b:c"}\n\n', [message('{"a":"b:c"}')]],
    [
      'a byte order mark at the beginning is skipped, and only there',
      '\ufeffdata: 1\n\n\ufeffdata: 2\n\ndata: \ufeff3\n\n',
      [message('1'), message('\ufeff3')],
    ],
    ['several empty lines make no events', '\n\n\r\n\r\rdata: 1\n\n\n\n', [message('1')]],
  ];
  for (const [name, stream, events] of cases) {
    test(name, () => assert.deepEqual(decode(stream), events));
  }

  test('bytes that are not UTF-8 become replacement characters', () => {
    const stream = Uint8Array.from([...bytesOf('data: a'), 0xff, 0xe2, 0x82, ...bytesOf('\n\n')]);
    assert.deepEqual(decode(stream), [message('a\ufffd\ufffd')]);
  });

  test('an event is given as soon as its last line has ended, also by a carriage return alone', () => {
    assert.deepEqual(decode('data: 1\r', '\r'), [message('1')]);
    const decoder = new EventDecoder();
    assert.deepEqual(decoder.push(bytesOf('data: 1\r\n\r')), [message('1')]);
    assert.deepEqual(decoder.push(bytesOf('\ndata: 2\r\n\r')), [message('2')]);
    assert.deepEqual(decoder.push(bytesOf('\n\n')), []);
  });

  test('the time to wait before connecting again is digits alone', () => {
    const decoder = new EventDecoder();
    assert.equal(decoder.reconnectionTimeMs, undefined);
    decoder.push(bytesOf('retry: 1500\n'));
    assert.equal(decoder.reconnectionTimeMs, 1500);
    decoder.push(bytesOf('retry: 1.5\nretry: -1\nretry: \nretry\n'));
    assert.equal(decoder.reconnectionTimeMs, 1500);
  });

  test('bytes may be used again after they were taken', () => {
    const decoder = new EventDecoder();
    const buffer = bytesOf('data: 1');
    decoder.push(buffer);
    buffer.fill(0x21);
    assert.deepEqual(decoder.push(bytesOf('\n\n')), [message('1')]);
  });

  test('the end says whether it came between two events', () => {
    const endOf = (stream: string) => {
      const decoder = new EventDecoder();
      decoder.push(bytesOf(stream));
      return decoder.end();
    };
    assert.equal(endOf(''), true);
    assert.equal(endOf('data: 1\n\n: comment\n'), true);
    assert.equal(endOf('data: 1\n'), false);
    assert.equal(endOf('data: 1\n\ndat'), false);
  });
});

describe('the size of an event', () => {
  const push = (decoder: EventDecoder, ...pieces: string[]) => pieces.flatMap((piece) => decoder.push(bytesOf(piece)));

  test('is limited in bytes, whether it is one line or many, in one piece or many', () => {
    const large = { name: 'RangeError', message: 'A server-sent event is larger than 20 bytes.' };
    assert.throws(() => push(new EventDecoder(20), `data: ${'x'.repeat(15)}\n`), large);
    assert.throws(() => push(new EventDecoder(20), `data: ${'é'.repeat(8)}\n`), large);
    assert.throws(() => push(new EventDecoder(20), ...'x'.repeat(21)), large);
    assert.throws(() => push(new EventDecoder(20), 'data: 1\ndata: 2\ndata: 3\n'), large);
  });

  test('is not the size of the stream, nor of what is pushed at once', () => {
    const events = push(
      new EventDecoder(20),
      'data: 12345678901234\n\n'.repeat(1000),
      ': comment\n'.repeat(1000),
      'data: 1\n\n',
    );
    assert.equal(events.length, 1001);
  });

  test('is large enough for an event of several megabytes, pushed in small pieces', () => {
    const decoder = new EventDecoder();
    const piece = bytesOf('x'.repeat(1000));
    decoder.push(bytesOf('data: '));
    for (let count = 0; count < 8000; count += 1) decoder.push(piece);
    assert.equal(decoder.push(bytesOf('\n\n'))[0]?.data.length, 8_000_000);
    assert.ok(MAX_EVENT_BYTES > 8_000_000);
  });
});

describe('any stream', () => {
  const line = fc
    .oneof(
      fc
        .tuple(
          fc.constantFrom('data', 'event', 'id', 'retry', '', 'x', '\ufeffdata'),
          fc.constantFrom('', ':', ': ', ':  '),
          fc.string({ unit: 'grapheme', maxLength: 6 }),
        )
        .map((parts) => parts.join('')),
      fc.constant(''),
    )
    .filter((text) => !/[\r\n]/.test(text));
  const lines = fc.array(line, { maxLength: 20 });
  const ends = fc.array(fc.constantFrom('\n', '\r', '\r\n'), { minLength: 1, maxLength: 5 });

  test('gives the same events wherever its bytes are cut', () => {
    fc.assert(
      fc.property(lines, ends, fc.array(fc.nat(60), { maxLength: 10 }), (texts, kinds, cuts) => {
        const bytes = bytesOf(texts.map((text, index) => text + kinds[index % kinds.length]).join(''));
        const whole = decode(bytes);
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).sort((first, second) => first - second),
          bytes.length,
        ];
        const pieces = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
        assert.deepEqual(decode(...pieces), whole);
        assert.deepEqual(decode(...[...bytes].map((byte) => Uint8Array.of(byte))), whole);
      }),
      { numRuns: 1000 },
    );
  });

  test('gives the same events whichever line ends it uses', () => {
    fc.assert(
      fc.property(lines, (texts) => {
        const [lineFeed, ...others] = ['\n', '\r', '\r\n'].map((end) =>
          decode(texts.map((text) => text + end).join('')),
        );
        for (const events of others) assert.deepEqual(events, lineFeed);
      }),
      { numRuns: 1000 },
    );
  });
});
