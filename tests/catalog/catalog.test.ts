import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError, ModelList } from '@plumb/wire';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { Catalog } from '#server/catalog/catalog.js';
import { defaultModels, findDuplicateNames, type ModelEntry } from '#server/catalog/model-entry.js';

const SUPPORTED = 'The supported API model names are deepseek-chat, deepseek-reasoner, but you passed';

function errorOf(action: () => unknown): ApiError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return error;
  }
  return assert.fail('nothing was thrown');
}

describe('the default catalogue', () => {
  const catalog = new Catalog(defaultModels());

  test('knows deepseek-chat and deepseek-reasoner by their ids', () => {
    assert.equal(catalog.resolve('deepseek-chat').thinking, 'disabled');
    assert.equal(catalog.resolve('deepseek-reasoner').thinking, 'enabled');
  });

  test('resolves the newer ids to deepseek-reasoner', () => {
    for (const alias of ['deepseek-flash', 'deepseek-v4-flash', 'deepseek-v4-pro']) {
      assert.equal(catalog.resolve(alias).id, 'deepseek-reasoner');
      assert.equal(catalog.find(alias).id, 'deepseek-reasoner');
    }
  });

  test('refuses an unknown model with 400 and the ids that there are', () => {
    const error = errorOf(() => catalog.resolve('gpt-4o'));
    assert.deepEqual([error.status, error.message], [400, `${SUPPORTED} gpt-4o.`]);
  });

  test('does not find an unknown model of a path, with 404', () => {
    assert.equal(errorOf(() => catalog.find('gpt-4o')).status, 404);
  });

  test('knows no names but its own', () => {
    for (const name of ['', 'DeepSeek-Chat', ' deepseek-chat', 'deepseek/deepseek-chat', 'constructor', '__proto__']) {
      assert.equal(errorOf(() => catalog.resolve(name)).status, 400, name);
    }
  });

  test('repeats a bounded piece of any name, well-formed and without control characters', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4000 }),
      fc.string({ unit: 'grapheme', maxLength: 50 }),
    );
    fc.assert(
      fc.property(text, (name) => {
        const { message } = errorOf(() => catalog.resolve(name));
        assert.ok(message.startsWith(SUPPORTED));
        assert.ok(message.length <= SUPPORTED.length + 203);
        assert.ok(message.isWellFormed());
        assert.doesNotMatch(message, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
    const halves = errorOf(() => catalog.resolve('a\u{D800}b\nc\u{202E}d')).message;
    assert.equal(halves, `${SUPPORTED} a\u{FFFD}b\u{FFFD}c\u{FFFD}d.`);
  });
});

describe('a strict catalogue', () => {
  test('refuses aliases like unknown names', () => {
    const catalog = new Catalog(defaultModels(), { strict: true });
    assert.equal(catalog.resolve('deepseek-reasoner').id, 'deepseek-reasoner');
    assert.equal(errorOf(() => catalog.resolve('deepseek-flash')).message, `${SUPPORTED} deepseek-flash.`);
  });
});

describe('the list of models', () => {
  const catalog = new Catalog(defaultModels());

  test('holds ids in the order of the configuration, and what is always known, before the engine runs', () => {
    const modalities = '"input_modalities":["text"],"output_modalities":["text"]';
    assert.equal(
      JSON.stringify(catalog.list(() => ({}))),
      `{"object":"list","data":[{"id":"deepseek-chat","object":"model","owned_by":"deepseek",${modalities}},` +
        `{"id":"deepseek-reasoner","object":"model","owned_by":"deepseek",${modalities}}]}`,
    );
  });

  test('adds what the engine says', () => {
    const facts = {
      contextTokens: 8192,
      maxOutputTokens: 8191,
      modelName: 'SmolLM2',
      effort: { supported_levels: ['low' as const, 'high' as const], default_level: 'high' as const },
    };
    const { data } = catalog.list((entry) => (entry.id === 'deepseek-chat' ? facts : {}));
    assert.equal(
      JSON.stringify(data[0]),
      '{"id":"deepseek-chat","object":"model","owned_by":"deepseek","name":"SmolLM2","context_window":8192,' +
        '"max_output_tokens":8191,"input_modalities":["text"],"output_modalities":["text"],' +
        '"effort":{"supported_levels":["low","high"],"default_level":"high"}}',
    );
    assert.equal(data[1]?.context_window, undefined);
  });

  test('prefers the name of the configuration to that of the engine', () => {
    const named: ModelEntry = { ...defaultModels()[0]!, name: 'Ours' };
    assert.equal(new Catalog([named]).list(() => ({ modelName: 'SmolLM2' })).data[0]?.name, 'Ours');
  });

  test('is what the contract promises', () => {
    assert.ok(
      Value.Check(
        ModelList,
        catalog.list(() => ({ contextTokens: 1, modelName: 'a' })),
      ),
    );
  });
});

describe('the search for duplicate names', () => {
  test('finds none in the default catalogue', () => {
    assert.deepEqual(findDuplicateNames(defaultModels()), []);
  });

  test('blames the alias when an alias is the id of a later model', () => {
    const models = [
      { id: 'a', aliases: ['b', 'a'] },
      { id: 'b', aliases: [] },
    ];
    assert.deepEqual(findDuplicateNames(models), [
      { name: 'b', takenBy: 'b', model: 0, alias: 0 },
      { name: 'a', takenBy: 'a', model: 0, alias: 1 },
    ]);
  });

  test('finds a duplicate exactly when there are fewer names than claims', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const models = fc.array(fc.record({ id: name, aliases: fc.array(name, { maxLength: 3 }) }), { maxLength: 4 });
    fc.assert(
      fc.property(models, (entries) => {
        const claims = entries.flatMap(({ id, aliases }) => [id, ...aliases]);
        assert.equal(findDuplicateNames(entries).length, claims.length - new Set(claims).size);
      }),
    );
  });
});
