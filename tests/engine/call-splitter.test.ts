/** Words and calls in the text of an answer, however the text is cut. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CallForm } from '#llama/calls/call-form.js';
import { CallSplitter } from '#llama/calls/call-splitter.js';
import { GENERIC, HERMES, LLAMA } from '#llama/calls/forms/json-forms.js';
import { tellTools, withoutCalls, withoutSystem } from '#llama/calls/generic-tools.js';

interface Heard {
  content: string;
  calls: { name: string; given: string }[];
  phase: string;
}

const jsonOnly = () => ({ kindOf: () => 'json' as const, isJson: () => true });

/** Splits a text that comes in pieces; `isCall` decides of what follows an opening. */
function split(
  pieces: readonly string[],
  form: CallForm,
  stops: readonly string[] = [],
  isCall = (_rest: string) => true,
): Heard {
  const heard: Heard = { content: '', calls: [], phase: '' };
  const splitter = new CallSplitter(form, jsonOnly, stops, {
    content: (text) => {
      assert.notEqual(text, '');
      heard.content += text;
    },
    opened: isCall,
    callStart: (index, name) => {
      assert.equal(index, heard.calls.length);
      heard.calls.push({ name, given: '' });
    },
    callArguments: (index, text) => {
      heard.calls[index]!.given += text;
    },
    callEnd: (index) => assert.equal(index, heard.calls.length - 1),
  });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  return { ...heard, phase: splitter.phase };
}

/** Cuts a text at some places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length].sort((left, right) => left - right);
  return ends.map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end));
}

const GIVEN = ['{}', '{"a": "}\\"{</tool_call>", "b": [{"c": 1}]}', '{\n  "x": "\\\\"\n}'];

describe('an answer with calls', () => {
  const marked = `Words <tool>, more.\n\n${GIVEN.map((given, index) => `<tool_call>\n{"name": "f${index}", "arguments": ${given}}\n</tool_call>`).join('\n')}`;
  const calls = GIVEN.map((given, index) => ({ name: `f${index}`, given }));

  test('is split the same way wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (places) => {
        assert.deepEqual(split(cut(marked, places), HERMES), {
          content: 'Words <tool>, more.',
          calls,
          phase: 'calls',
        });
      }),
    );
    assert.deepEqual(split([...marked], HERMES).calls, calls);
  });

  test('of an object alone is split as well', () => {
    const text = `{"name": "f", "parameters": ${GIVEN[1]}}`;
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
        assert.deepEqual(split(cut(text, places), LLAMA), {
          content: '',
          calls: [{ name: 'f', given: GIVEN[1]! }],
          phase: 'calls',
        });
      }),
    );
  });

  test('that is cut off inside of one has what has come', () => {
    assert.deepEqual(split(['<tool_call>{"name": "f", "arguments": {"a"'], HERMES).calls, [
      { name: 'f', given: '{"a"' },
    ]);
    assert.deepEqual(split(['<tool_call>{"na'], HERMES).calls, []);
  });
});

describe('an answer without calls', () => {
  test('is all words, white space at its end among them', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[<tol_ca> \n]{0,30}$/), fc.array(fc.nat(), { maxLength: 5 }), (text, places) => {
        fc.pre(!text.includes('<tool_call>'));
        assert.equal(split(cut(text, places), HERMES).content, text);
      }),
    );
  });

  test('can have an opening that nothing like a call follows', () => {
    const text = 'Write <tool_call>x and <tool_call>y.';
    assert.deepEqual(
      split([text], HERMES, [], () => false),
      { content: text, calls: [], phase: 'words' },
    );
  });

  test('can have an object that is not all of it', () => {
    assert.equal(split(['So: {"name": "f", "parameters": {}}'], LLAMA).content, 'So: {"name": "f", "parameters": {}}');
  });

  test('ends at a stop sequence', () => {
    assert.deepEqual(split(['One, t', 'wo, <tool_call>'], HERMES, ['two']), {
      content: 'One,',
      calls: [],
      phase: 'stopped',
    });
  });
});

describe('a conversation with calls, for a template that knows none', () => {
  const tool = { type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } };
  const call = (id: string) => ({ id, type: 'function' as const, function: { name: 'f', arguments: '{"a": 1}' } });
  const written = '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>';

  test('is told in words, results of one turn together', () => {
    const told = withoutCalls(
      [
        { role: 'user', content: 'Do it.' },
        { role: 'assistant', content: 'Yes.', tool_calls: [call('1'), call('2')] },
        { role: 'tool', content: 'one', tool_call_id: '1', name: 'f' },
        { role: 'tool', content: 'two', tool_call_id: '2', name: 'f' },
        { role: 'assistant', content: '', tool_calls: [call('3')] },
        { role: 'tool', content: 'three', tool_call_id: '3' },
      ],
      GENERIC,
    );
    assert.deepEqual(told, [
      { role: 'user', content: 'Do it.' },
      { role: 'assistant', content: `Yes.\n${written}\n${written}` },
      { role: 'user', content: '<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>' },
      { role: 'assistant', content: written },
      { role: 'user', content: '<tool_response>\nthree\n</tool_response>' },
    ]);
  });

  test('begins with the tools, in the system message if there is one', () => {
    const [alone] = tellTools([{ role: 'user', content: 'Hi' }], [tool], GENERIC);
    assert.equal(alone!.role, 'system');
    assert.ok(alone!.content!.includes(JSON.stringify(tool.function)));
    const [system, user] = tellTools(
      [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      [tool],
      GENERIC,
    );
    assert.equal(system!.content, `Be brief.\n\n${alone!.content}`);
    assert.deepEqual(withoutSystem([system!, user!]), [{ role: 'user', content: `${system!.content}\n\nHi` }]);
  });
});
