/** JSON as models break it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseLoosely } from '#client/schema/parse-json.js';

const CASES: Record<string, [text: string, value: unknown]> = {
  'is read as it is when it is right': ['{"a":[1,"x"]}', { a: [1, 'x'] }],
  'may be in a code fence': ['```json\n{"a":1}\n```', { a: 1 }],
  'may have a fence inside of a string': ['{"a":"```js\\nx\\n```"}', { a: '```js\nx\n```' }],
  'may have words around it': ['Here you are: {"a":1} Enjoy!', { a: 1 }],
  'may have junk behind it': ['{"a":1}}}</tool_call>', { a: 1 }],
  'may come twice': ['{"a":1}{"a":1}', { a: 1 }],
  'may lack its last brackets': ['{"a":[1,{"b":2', { a: [1, { b: 2 }] }],
  'may lack a bracket in the middle': ['{"a":[1,2}', { a: [1, 2] }],
  'may lack its last quote': ['{"a":"Par', { a: 'Par' }],
  'may end in the middle of an escape': ['{"a":"Par\\', { a: 'Par\\' }],
  'may have a comma too many': ['{"a":[1,2,],}', { a: [1, 2] }],
  'may end with a comma': ['{"a":1,', { a: 1 }],
  'may have line ends in its strings': ['{"a":"one\ntwo\tthree"}', { a: 'one\ntwo\tthree' }],
  'may lack the second quote of a key': ['{"selected: ["x"], "b": 1}', { selected: ['x'], b: 1 }],
};

describe('JSON of a model', () => {
  for (const [name, [text, value]] of Object.entries(CASES)) {
    test(name, () => assert.deepEqual(parseLoosely(text)?.value, value));
  }

  test('is not guessed at', () => {
    for (const text of ['', 'Sorry, I cannot.', '{"a":', '{"a"', '{a:1}', '{"a":tru', '[see above']) {
      assert.equal(parseLoosely(text), undefined, text);
    }
  });

  test('is what it was whenever it was right', () => {
    fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parseLoosely(text)?.value, JSON.parse(text))));
  });

  test('is what it was in a fence, with words around it, and without what it ends with', () => {
    const word = fc.stringMatching(/^[a-z ]{1,5}$/);
    const objects = fc.dictionary(word, fc.oneof(word, fc.array(word), fc.dictionary(word, word)), { minKeys: 1 });
    const property = fc.property(objects, (object) => {
      const text = JSON.stringify(object);
      const value = JSON.parse(text);
      assert.deepEqual(parseLoosely(`Sure:\n\`\`\`json\n${text}\n\`\`\`\nDone.`)?.value, value);
      assert.deepEqual(parseLoosely(text.replace(/["\]}]+$/, ''))?.value, value);
    });
    fc.assert(property);
  });

  test('is read or refused in linear time', () => {
    const text = `{"a":[${'{"b":"c",},'.repeat(50_000)}`;
    const start = performance.now();
    assert.ok(parseLoosely(text));
    assert.ok(performance.now() - start < 2000);
  });
});
