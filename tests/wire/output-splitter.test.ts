/** Telling reasoning from answer in streamed text: the same result however the text is cut. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OutputSplitter, type OutputStart } from '@plumb/wire';
import fc from 'fast-check';

interface Split {
  readonly reasoning: string;
  readonly content: string;
  readonly phase: string;
}

function split(start: OutputStart, stops: readonly string[], pieces: readonly string[]): Split {
  const received = { reasoning: '', content: '' };
  const splitter = new OutputSplitter(start, stops, {
    reasoning(text) {
      assert.equal(received.content, '', 'all reasoning comes before all content');
      assert.notEqual(text, '');
      received.reasoning += text;
    },
    content(text) {
      assert.notEqual(text, '');
      received.content += text;
    },
  });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return { ...received, phase: splitter.phase };
}

const start = fc.constantFrom<OutputStart>('reasoning', 'either', 'content');

const text = fc
  .array(fc.constantFrom('<think>', '</think>', '<', '</', 'thin', 'think>', ' ', '\n', 'a', 'b', 'STOP', 'ST'), {
    maxLength: 14,
  })
  .map((parts) => parts.join(''));

describe('the output splitter', () => {
  test('gives the same parts however the text is cut', () => {
    fc.assert(
      fc.property(start, text, fc.array(fc.nat(60), { maxLength: 8 }), (from, whole, cuts) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((place, index) => whole.slice(places[index], place));
        assert.deepEqual(split(from, ['STOP'], pieces), split(from, ['STOP'], [whole]));
        assert.deepEqual(split(from, ['STOP'], [...whole]), split(from, ['STOP'], [whole]));
      }),
      { numRuns: 3000 },
    );
  });

  const cases: [string, OutputStart, string, Split][] = [
    [
      'an opened block up to its closing tag, without the white space around it',
      'reasoning',
      '\nI think.\n\n</think>\n\nYes.\n',
      { reasoning: 'I think.', content: 'Yes.\n', phase: 'content' },
    ],
    [
      'a block that the model opens itself',
      'either',
      '\n<think>\nHm.\n</think>\nYes.',
      { reasoning: 'Hm.', content: 'Yes.', phase: 'content' },
    ],
    ['an answer without a block', 'either', ' Yes.', { reasoning: '', content: ' Yes.', phase: 'content' }],
    [
      'an answer that only begins like a block',
      'either',
      '<thing>',
      { reasoning: '', content: '<thing>', phase: 'content' },
    ],
    ['the beginning of a tag at the very end', 'either', '<thi', { reasoning: '', content: '<thi', phase: 'either' }],
    [
      'reasoning that was cut off',
      'reasoning',
      'Hm, let me </thi',
      { reasoning: 'Hm, let me </thi', content: '', phase: 'reasoning' },
    ],
    [
      'tags in an answer as text',
      'content',
      '<think>no</think>',
      { reasoning: '', content: '<think>no</think>', phase: 'content' },
    ],
    [
      'an answer up to a stop sequence, which does not count in reasoning',
      'reasoning',
      'Do not STOP.</think>Now STOP it.',
      { reasoning: 'Do not STOP.', content: 'Now ', phase: 'stopped' },
    ],
  ];
  for (const [name, from, whole, expected] of cases) {
    test(`sees ${name}`, () => assert.deepEqual(split(from, ['STOP'], [whole]), expected));
  }

  test('can be told that the reasoning is over', () => {
    const seen: string[] = [];
    const splitter = new OutputSplitter('reasoning', [], {
      reasoning: (piece) => seen.push(`r:${piece}`),
      content: (piece) => seen.push(`c:${piece}`),
    });
    splitter.push('Hm </');
    splitter.closeReasoning();
    splitter.push('\n\n');
    splitter.push(' Yes');
    assert.deepEqual(seen, ['r:Hm', 'r: </', 'c:Yes']);
  });
});
