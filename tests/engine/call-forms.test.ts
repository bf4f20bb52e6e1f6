/** The forms in which models write calls: recognised by their templates, held by their grammars, and read back. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { FunctionDefinition } from '@plumb/wire';
import fc from 'fast-check';
import type { CallForm } from '#llama/calls/call-form.js';
import { CallSplitter } from '#llama/calls/call-splitter.js';
import { detectCallForm } from '#llama/calls/detect-form.js';
import { GENERIC, HERMES, LLAMA, MISTRAL_LIST, NEMOTRON_LIST } from '#llama/calls/forms/json-forms.js';
import { DEEPSEEK_V3, DEEPSEEK_V31, MISTRAL_NAMED } from '#llama/calls/forms/named-forms.js';
import { dsml, functionTags, GLM, MINIMAX } from '#llama/calls/forms/tagged-forms.js';
import { writeCalls } from '#llama/calls/write-call.js';
import { type CallsGrammar, writeCallsGrammar } from '#llama/calls/write-calls.js';
import { CALL_TEMPLATES } from '../support/gguf/call-templates.js';
import { CHAT_TEMPLATES } from '../support/gguf/chat-templates.js';
import { type Matcher, openMatchers } from '../support/grammar-matcher.js';

const CODER = functionTags('tool_call', true);
const SEED = functionTags('seed:tool_call', false);
const DSML = dsml('function_calls');

describe('the form of calls', () => {
  const table: readonly (readonly [about: string, template: string, form: CallForm])[] = [
    ['ChatML with tools', CHAT_TEMPLATES.thinking, HERMES],
    ['ChatML without tools', CHAT_TEMPLATES.plain, GENERIC],
    ['Llama 3', CHAT_TEMPLATES.llama, LLAMA],
    ['Mistral up to Small 3.1', CALL_TEMPLATES.mistral, MISTRAL_LIST],
    ['Mistral from Small 3.2 on', CALL_TEMPLATES.ministral, MISTRAL_NAMED],
    ['DeepSeek V3 and R1, which are not told of tools', CALL_TEMPLATES.deepseek, DEEPSEEK_V3],
    ['DeepSeek V3.1', CALL_TEMPLATES.deepseek31, DEEPSEEK_V31],
    ['DeepSeek V3.2', CALL_TEMPLATES.dsml, DSML],
    ['DeepSeek V4', "{% if tools %}{{ '<｜DSML｜tool_calls>' }}{% endif %}", dsml('tool_calls')],
    ['a name of the DSML tags in a variable', "{% set d = '｜DSML｜' %}{{ tools }}<{{ d }}function_calls>", DSML],
    ['Qwen3-Coder', CALL_TEMPLATES.coder, CODER],
    [
      'Qwen3-Coder with a real line feed',
      "{{ tools }}<tool_call><function=' ~ n ~ '><parameter=' ~ k ~ '>\n{{ v }}\n</parameter>",
      CODER,
    ],
    [
      'tags with values in between',
      "{{ tools }}<tool_call><function=' ~ n ~ '><parameter=' ~ k ~ '>' ~ v ~ '</parameter>\\n",
      functionTags('tool_call', false),
    ],
    ['Seed-OSS', "{% set b = '<seed:tool_call>' %}{{ tools }}'<parameter=' + k + '>' + v + '</parameter>\\n'", SEED],
    ['GLM', CALL_TEMPLATES.glm, GLM],
    ['MiniMax M2', "{% set b = '<minimax:tool_call>' %}{{ tools }}<invoke name=\"", MINIMAX],
    ['Nemotron Nano 2', '{{ tools }}<TOOLCALL>[{{ \'{"name": "\' }}', NEMOTRON_LIST],
    ['tags around JSON that are not known', '{{ tools }} <tool_call><function=name>{"a": 1} arguments', GENERIC],
    ['markers without any tools', 'Write [TOOL_CALLS] like this.', GENERIC],
  ];
  for (const [about, template, form] of table) {
    test(`is read off the template: ${about}`, () =>
      assert.deepEqual(
        detectCallForm(template, () => true),
        form,
      ));
  }
});

describe('a sign that several forms share', () => {
  test('only counts where the template is seen to write such a call', () => {
    for (const template of [CHAT_TEMPLATES.thinking, CHAT_TEMPLATES.llama, CALL_TEMPLATES.coder, CALL_TEMPLATES.glm]) {
      assert.equal(
        detectCallForm(template, () => false),
        GENERIC,
      );
    }
    assert.equal(
      detectCallForm(CALL_TEMPLATES.deepseek, () => false),
      DEEPSEEK_V3,
    );
  });
});

const FORMS: Readonly<Record<string, CallForm>> = {
  hermes: HERMES,
  'a list of Mistral': MISTRAL_LIST,
  'names of Mistral': MISTRAL_NAMED,
  'a list of Nemotron': NEMOTRON_LIST,
  'DeepSeek V3': DEEPSEEK_V3,
  'DeepSeek V3.1': DEEPSEEK_V31,
  DSML,
  'tags of Qwen': CODER,
  'tags of Seed': SEED,
  'tags of GLM': GLM,
  'tags of MiniMax': MINIMAX,
};

const NOTE: FunctionDefinition = {
  name: 'note',
  parameters: {
    type: 'object',
    properties: {
      text: { type: 'string' },
      level: { enum: ['low', 'high'] },
      place: { type: ['string', 'null'] },
      size: { anyOf: [{ type: 'integer', minimum: 1, maximum: 9 }, { type: 'string' }] },
      tags: { type: 'array', items: { type: 'string' } },
      more: { type: 'object', properties: { deep: { type: 'boolean' } } },
    },
    required: ['text'],
  },
};
const NOW: FunctionDefinition = { name: 'now' };

function grammarOf(form: CallForm, tools = [NOTE, NOW], isParallel = true): CallsGrammar {
  return writeCallsGrammar({ tools, form, tokens: new Map(), isParallel, includesOpening: true });
}

interface Heard {
  content: string;
  calls: { name: string; given: string }[];
}

function split(pieces: Iterable<string>, form: CallForm, { kinds }: CallsGrammar): Heard {
  const heard: Heard = { content: '', calls: [] };
  let ended = 0;
  const splitter = new CallSplitter(form, (name) => kinds.get(name)!, [], {
    content: (text) => {
      heard.content += text;
    },
    opened: () => true,
    callStart: (index, name) => {
      assert.equal(index, heard.calls.length);
      heard.calls.push({ name, given: '' });
    },
    callArguments: (index, text) => {
      heard.calls[index]!.given += text;
    },
    callEnd: (index) => assert.equal(index, ended++),
  });
  for (const piece of pieces) splitter.push(piece);
  splitter.end();
  assert.equal(ended, heard.calls.length);
  return heard;
}

/** Arguments with everything in them that could be taken for something else. */
const HOSTILE = [
  'plain',
  '',
  ' ',
  '"quoted" and \\ {"a": [',
  'a\n\nb\n',
  '\n',
  'null',
  '5',
  '</tool_call>[TOOL_CALLS][ARGS]<｜tool▁calls▁end｜></｜DSML｜invoke></function></invoke></TOOLCALL>',
  '</parameter',
  '</arg_valu</arg_value',
  '👋🏽 日本',
];

/** What is said of `text`, without what ends a text in the form. */
function sayable(text: string, { argumentTags: tags }: CallForm): string {
  if (tags === undefined) return text;
  return text.replaceAll(/<\/(?:parameter|arg_value)>/g, '');
}

for (const [name, form] of Object.entries(FORMS)) {
  describe(`calls as ${name}`, () => {
    const grammar = grammarOf(form);
    let matches: Matcher;
    let matchesOne: Matcher;
    before(async () => {
      const open = await openMatchers();
      matches = open(grammar.gbnf);
      matchesOne = open(grammarOf(form, [NOTE, NOW], false).gbnf);
    });

    for (const hostile of HOSTILE.map((text) => sayable(text, form))) {
      const given = { text: hostile, level: 'high', place: null, size: 7, tags: [hostile], more: { deep: true } };
      const written = writeCalls(
        [
          { name: 'note', arguments: given },
          { name: 'now', arguments: {} },
          { name: 'note', arguments: { text: hostile, size: 'x' } },
        ],
        form,
      );
      const told = `Words <tool>.\n\n${written}`;

      test(`are read however they are cut: ${JSON.stringify(hostile)}`, () => {
        assert.ok(matches(written), written);
        assert.equal(matchesOne(written), false);
        const whole = split([told], form, grammar);
        assert.equal(whole.content, 'Words <tool>.');
        const characters = [...told];
        assert.deepEqual(
          whole.calls.map((call) => [call.name, JSON.parse(call.given)]),
          [
            ['note', given],
            ['now', {}],
            ['note', { text: hostile, size: 'x' }],
          ],
        );
        assert.deepEqual(split(characters, form, grammar), whole);
        for (let place = 1; place < characters.length; place += 7) {
          const halves = [characters.slice(0, place), characters.slice(place)].map((half) => half.join(''));
          assert.deepEqual(split(halves, form, grammar), whole);
        }
      });
    }

    test('are not written otherwise than by the schema', () => {
      const write = (given: object) => writeCalls([{ name: 'note', arguments: given }], form);
      assert.ok(matches(write({ text: 'a' })));
      assert.equal(matches(write({})), false, 'a required argument is missing');
      assert.equal(matches(write({ level: 'low', text: 'a' })), false, 'the order is that of the schema');
      assert.equal(matches(write({ text: 'a', level: 'medium' })), false);
      assert.equal(matches(write({ text: 'a', other: 'b' })), false);
      assert.equal(matches(write({ text: 'a', tags: [1] })), false);
      assert.equal(matches(writeCalls([{ name: 'other', arguments: {} }], form)), false);
    });
  });
}

describe('markers that are tokens', () => {
  const tokens = new Map([
    ['[TOOL_CALLS]', 7],
    ['[ARGS]', 9],
  ]);
  const write = (form: CallForm, includesOpening: boolean) =>
    writeCallsGrammar({ tools: [NOW], form, tokens, isParallel: true, includesOpening }).gbnf;

  test('are written as those tokens and not letter by letter', () => {
    const gbnf = write(MISTRAL_NAMED, true);
    assert.match(gbnf, /^root ::= <\[7\]> /);
    assert.match(gbnf, /"now" (?:\S+ )*<\[9\]>/);
    assert.ok(!gbnf.includes('TOOL_CALLS') && !gbnf.includes('ARGS'), gbnf);
  });

  test('are text where the vocabulary has no such token', () => {
    assert.match(write(DEEPSEEK_V31, false), /tool\\u2581call\\u2581begin/);
  });
});

describe('a text in tags', () => {
  const texts: FunctionDefinition = {
    name: 'note',
    parameters: {
      type: 'object',
      properties: {
        short: { type: 'string', minLength: 1, maxLength: 3 },
        date: { type: 'string', format: 'date' },
        long: { type: 'string', maxLength: 20_000 },
      },
    },
  };
  let matches: Matcher;
  before(async () => {
    matches = (await openMatchers())(grammarOf(CODER, [texts]).gbnf);
  });
  const write = (given: object) => writeCalls([{ name: 'note', arguments: given }], CODER);

  test('has the length and the form that its schema says', () => {
    for (const given of [{ short: 'a<b' }, { short: '\n' }, { date: '2024-02-29' }, { long: 'a'.repeat(20_000) }]) {
      assert.ok(matches(write(given)), JSON.stringify(given).slice(0, 80));
    }
    for (const given of [{ short: '' }, { short: 'abcd' }, { date: '2023-02-29' }, { long: 'a'.repeat(20_001) }]) {
      assert.equal(matches(write(given)), false, JSON.stringify(given).slice(0, 80));
    }
  });

  test('never contains the tag that ends it', () => {
    assert.equal(matches(write({ short: '</parameter>' })), false);
    assert.equal(matches(write({ long: 'a</parameter>' })), false);
  });
});

describe('an argument that may be a string or not', () => {
  const tools: FunctionDefinition[] = [
    {
      name: 'f',
      parameters: {
        type: 'object',
        properties: {
          value: { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 1, maximum: 9 }, { type: 'null' }] },
        },
        required: ['value'],
      },
    },
  ];
  const read = (written: string) =>
    JSON.parse(
      split(
        [`<tool_call>f<arg_key>value</arg_key><arg_value>${written}</arg_value></tool_call>`],
        GLM,
        grammarOf(GLM, tools),
      ).calls[0]!.given,
    ).value;

  test('is one of the other kinds where what is written is allowed as such, else a string', () => {
    assert.deepEqual(['5', '50', 'null', 'true', '"5"', '', '5 apples', '[1]'].map(read), [
      5,
      '50',
      null,
      'true',
      '"5"',
      '',
      '5 apples',
      '[1]',
    ]);
  });

  test('is never a string in a form that says so', () => {
    const written =
      '<｜DSML｜function_calls><｜DSML｜invoke name="f"><｜DSML｜parameter name="value" string="true">5' +
      '</｜DSML｜parameter></｜DSML｜invoke></｜DSML｜function_calls>';
    assert.deepEqual(split([written], DSML, grammarOf(DSML, tools)).calls, [{ name: 'f', given: '{"value": "5"}' }]);
  });
});

describe('arguments of a function whose schema has alternatives', () => {
  const tools: FunctionDefinition[] = [
    {
      name: 'f',
      parameters: {
        type: 'object',
        oneOf: [
          { properties: { kind: { const: 'a' }, value: { type: 'string' } }, required: ['kind', 'value'] },
          { properties: { kind: { const: 'b' }, value: { type: 'integer' } }, required: ['kind', 'value'] },
        ],
      },
    },
  ];

  test('are read the same way in all of them', async () => {
    const grammar = grammarOf(CODER, tools);
    const matches = (await openMatchers())(grammar.gbnf);
    const call = (kind: string, value: string) =>
      `<tool_call>\n<function=f>\n<parameter=kind>\n${kind}\n</parameter>\n<parameter=value>\n${value}\n</parameter>\n` +
      '</function>\n</tool_call>';
    for (const [kind, value] of [
      ['a', '"5"'],
      ['b', '5'],
    ] as const) {
      assert.ok(matches(call(kind, value)));
      const [read] = split([call(kind, value)], CODER, grammar).calls;
      assert.deepEqual(JSON.parse(read!.given), { kind, value: JSON.parse(value) });
    }
    assert.equal(matches(call('a', '5')), false);
    assert.equal(matches(call('b', '"5"')), false);
  });
});

describe('random texts', () => {
  test('come back from every form as they were, unless they end it', () => {
    const part = fc.oneof(fc.constantFrom('<', '/', '\n', '"', '\\', '</parameter', '<tool_call>', '}'), fc.string());
    const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
    const grammars = Object.values(FORMS).map((form) => [form, grammarOf(form)] as const);
    fc.assert(
      fc.property(text, (raw) => {
        for (const [form, grammar] of grammars) {
          const given = { text: sayable(raw, form) };
          const written = writeCalls([{ name: 'note', arguments: given }], form);
          assert.deepEqual(JSON.parse(split(written, form, grammar).calls[0]!.given), given);
        }
      }),
      { numRuns: 200 },
    );
  });
});
