/** What a configuration does not say is filled in from its schema, as TypeBox fills it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Type } from '@plumb/wire/schema';
import { Value } from 'typebox/value';
import { fillDefaults } from '#server/config/fill-defaults.js';
import { settingsSchema } from '#server/config/settings.js';

const group = Type.Object({ size: Type.Integer({ default: 3 }) });
const optional = Type.Optional(Type.Object({ size: Type.Integer({ default: 3 }) }, { default: {} }));

describe('defaults', () => {
  test('fill what is missing, groups within groups too, and leave what is said', () => {
    const schema = Type.Object({ a: Type.String({ default: 'x' }), b: optional, c: Type.Optional(Type.String()) });
    assert.deepEqual(fillDefaults(schema, { a: 'y' }), { a: 'y', b: { size: 3 } });
  });

  test('fill the groups of a list', () => {
    assert.deepEqual(fillDefaults(Type.Array(group), [{}, { size: 5 }]), [{ size: 3 }, { size: 5 }]);
  });

  test('fill groups with names of their own only where these have a default themselves', () => {
    assert.deepEqual(fillDefaults(Type.Record(Type.String(), group), { a: {} }), { a: {} });
    assert.deepEqual(fillDefaults(Type.Record(Type.String(), optional), { a: {} }), { a: { size: 3 } });
  });

  test('fill the first of several kinds that fits then', () => {
    const schema = Type.Union([Type.Integer(), Type.Object({ size: Type.Integer({ default: 3 }) })]);
    assert.deepEqual(fillDefaults(schema, {}), { size: 3 });
    assert.equal(fillDefaults(schema, 7), 7);
    assert.equal(fillDefaults(schema, 'neither'), 'neither');
  });

  test('are copies, so that no configuration changes another', () => {
    const schema = Type.Object({ list: Type.Array(Type.String(), { default: ['a'] }) });
    const first = fillDefaults(schema, {}) as { list: string[] };
    first.list.push('b');
    assert.deepEqual(fillDefaults(schema, {}), { list: ['a'] });
  });

  test('of the settings of a server are those that TypeBox fills in', () => {
    const values = () => ({
      pools: { main: { engines: { a: { kind: 'openai', url: 'http://127.0.0.1/v1' } } } },
      models: [{ id: 'm', price: { input_cache_hit: 1, input_cache_miss: 2, output: 3 } }, { id: 'n' }],
      tiers: { big: { models: { m: {} } } },
      http: {},
    });
    const schema = settingsSchema(4);
    assert.deepEqual(fillDefaults(schema, values()), Value.Default(schema, values()));
    assert.deepEqual(fillDefaults(schema, {}), Value.Default(schema, {}));
  });
});
