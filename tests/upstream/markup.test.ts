/** Tool markup in a text: parsed into calls, however it is cut, and nothing else is touched. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MarkupCall } from '#server/engines/upstream/markup/parse-call.js';
import { ToolMarkup } from '#server/engines/upstream/markup/tool-markup.js';

interface Parsed {
  readonly text: string;
  readonly calls: readonly MarkupCall[];
}

function parse(pieces: readonly string[], dropsThinkClosing = false): Parsed {
  const parsed = { text: '', calls: [] as MarkupCall[] };
  const markup = new ToolMarkup(
    {
      text(text) {
        assert.notEqual(text, '');
        parsed.text += text;
      },
      call: (call) => parsed.calls.push(call),
    },
    () => dropsThinkClosing,
  );
  for (const piece of pieces) markup.push(piece);
  markup.end();
  return parsed;
}

const weather = (json: string): MarkupCall => ({ name: 'get_weather', arguments: json });

const PARTS = [
  '<｜DSML｜tool_calls>',
  '<｜DSML｜invoke name="get_weather">',
  '<｜DSML｜parameter name="city" string="true">',
  '</｜DSML｜parameter>',
  '</｜DSML｜invoke>',
  '</｜｜DSML｜｜tool_calls>',
  '<‖DSML‖invoke name="f">',
  '<｜tool▁calls▁begin｜>',
  '<｜tool▁call▁begin｜>',
  'function<｜tool▁sep｜>f\n```json\n{}\n```',
  '<｜tool▁sep｜>',
  '<｜tool▁call▁end｜>',
  '<｜end▁of▁sentence｜>',
  '</think>',
  ...['<', '</', '｜', '<｜', 'DSML', '>', ' ', '\n', 'a', 'b < c', '{"x": 1}', '"'],
];
const anyText = fc.array(fc.constantFrom(...PARTS), { maxLength: 16 }).map((parts) => parts.join(''));

describe('tool markup', () => {
  test('gives the same however the text is cut', () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(200), { maxLength: 6 }), fc.boolean(), (whole, cuts, drops) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((place, index) => whole.slice(places[index], place));
        const expected = parse([whole], drops);
        assert.deepEqual(parse(pieces, drops), expected);
        assert.deepEqual(parse(whole.split(''), drops), expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('leaves a text without markup as it is', () => {
    const harmless = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('<', '<|', '</think>', '<｜DSM', '<|x|>', '\n\n', 'DSML'),
    );
    fc.assert(
      fc.property(fc.array(harmless, { maxLength: 12 }), (pieces) => {
        assert.deepEqual(parse(pieces), { text: pieces.join(''), calls: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test('never shows a bar of a tag that is whole', () => {
    fc.assert(
      fc.property(anyText, (whole) => {
        assert.doesNotMatch(
          parse([whole]).text,
          /<[|｜‖]+(?:DSML[|｜‖]+(?:invoke name="f"|tool_calls)>|tool▁calls?▁begin)/,
        );
      }),
    );
  });

  const cases: [string, string, Parsed][] = [
    [
      'takes V3 calls out, with text before and after them',
      'Wait.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"a": "```"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>\n\nDone.',
      { text: 'Wait.Done.', calls: [weather('{"a": "```"}')] },
    ],
    [
      'takes V3.1 calls out',
      '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"a": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
      { text: '', calls: [weather('{"a": 1}')] },
    ],
    [
      'takes a call out whose end and wrapper are missing',
      '<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"a": 1}<｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"a": 2}<｜tool▁calls▁end｜>',
      { text: '', calls: [weather('{"a": 1}'), weather('{"a": 2}')] },
    ],
    [
      'leaves a call that is cut off cut off, so that nobody runs half of it',
      '<｜DSML｜tool_calls><｜DSML｜invoke name="get_weather"><｜DSML｜parameter name="city" string="true">rm -rf /ho',
      { text: '', calls: [weather('{"city": "rm -rf /ho')] },
    ],
    [
      'does not end the arguments of a call of which parameters can be missing',
      '<｜DSML｜invoke name="get_weather"><｜DSML｜parameter name="n" string="false">1</｜DSML｜parameter><｜DSML｜par',
      { text: '', calls: [weather('{"n": 1')] },
    ],
    [
      'takes a value for text that is not the JSON it should be',
      '<｜DSML｜invoke name="get_weather"><｜DSML｜parameter name="n" string="false">maybe</｜DSML｜parameter></｜DSML｜invoke>',
      { text: '', calls: [weather('{"n": "maybe"}')] },
    ],
    [
      'reads values with tags of other languages and markup of other letters',
      '<|DSML|invoke name="get_weather"><|DSML|parameter name="html" string="true"><b>x</b> | <｜ </|DSML|parameter></|DSML|invoke>',
      { text: '', calls: [weather('{"html": "<b>x</b> | <｜ "}')] },
    ],
    ['drops closing tags without a call', 'Yes.</｜｜DSML｜｜tool_calls>', { text: 'Yes.', calls: [] }],
    ['shows what only begins like a tag', 'a <｜tool▁ca', { text: 'a <｜tool▁ca', calls: [] }],
    [
      'shows a name of the markup that is no tag',
      'The mark <｜DSML｜ is special.',
      { text: 'The mark <｜DSML｜ is special.', calls: [] },
    ],
  ];
  for (const [name, text, expected] of cases) test(name, () => assert.deepEqual(parse([text]), expected));

  test('refuses a call without end', () => {
    const markup = new ToolMarkup({ text() {}, call() {} }, () => false);
    markup.push('<｜tool▁call▁begin｜>f<｜tool▁sep｜>');
    assert.throws(() => {
      for (let piece = 0; piece < 10; piece++) markup.push('x'.repeat(1024 * 1024));
    }, RangeError);
  });

  test('looks at a long call once', () => {
    const markup = new ToolMarkup({ text() {}, call() {} }, () => false);
    markup.push('<｜tool▁call▁begin｜>f<｜tool▁sep｜>');
    for (let piece = 0; piece < 50_000; piece++) markup.push('<'.repeat(10));
    assert.equal(markup.isPlain, false);
  });
});
