/** What the endpoint says of its models. */
import type { Ask } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY, OPENAI } from '../case.js';
import { must, should, show, skip } from '../finding.js';
import { isJson } from '../http/exchange.js';
import { describeExchange, readAnswer, requireRefusal } from '../read/answer.js';
import { at, has, isCount, isObject, isText, listAt, parseJson } from '../read/at.js';

const LIST = { path: '/models' } as const;
const SOURCES = ['deepseek-models', 'openai-models'] as const;

export const MODELS_CASES: readonly CheckCase[] = [
  {
    id: 'models/list',
    rule: 'GET /models is a list object with the models in data.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const list = await readList(ask);
      must(at(list, 'object') === 'list', 'object "list"', show(at(list, 'object')));
      must(Array.isArray(at(list, 'data')), 'data that is a list', show(at(list, 'data')));
    },
  },
  {
    id: 'models/content-type',
    rule: 'GET /models is application/json.',
    sources: ['openai-sdk'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.send(LIST);
      must(isJson(exchange), 'content-type application/json', exchange.headers['content-type'] ?? 'none');
    },
  },
  {
    id: 'models/entries',
    rule: 'Every model has an id, the object "model" and an owner.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const wrong = (await readModels(ask)).find(
        (model) => !isText(at(model, 'id')) || at(model, 'object') !== 'model' || !isText(at(model, 'owned_by')),
      );
      must(wrong === undefined, 'id, object "model" and owned_by', wrong);
    },
  },
  {
    id: 'models/unique',
    rule: 'No two models have the same id.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const ids = (await readModels(ask)).map((model) => at(model, 'id'));
      must(new Set(ids).size === ids.length, 'each id once', ids);
    },
  },
  {
    id: 'models/created',
    rule: 'Every model says when it was made, in seconds.',
    sources: ['openai-models'],
    profiles: OPENAI,
    cost: 'free',
    async check(ask) {
      // DeepSeek and many others leave it out, and no client is known to need it.
      const without = (await readModels(ask)).find((model) => !has(model, 'created'));
      should(without === undefined, 'created', without);
      const wrong = (await readModels(ask)).find((model) => !isCount(at(model, 'created')));
      must(wrong === undefined, 'created as a whole number', wrong);
    },
  },
  {
    id: 'models/listed',
    rule: 'The model that answers is among those that are listed.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const ids = (await readModels(ask)).map((model) => at(model, 'id'));
      // Aliases are served and not listed.
      should(ids.includes(ask.model), show(ask.model), ids);
    },
  },
  {
    id: 'models/retrieve',
    rule: 'GET /models/{id} is that model.',
    sources: ['openai-models', 'deepseek-seen'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const id = at((await readModels(ask))[0], 'id');
      if (!isText(id)) skip('no model is listed');
      const exchange = await ask.send({ path: `/models/${id.split('/').map(encodeURIComponent).join('/')}` });
      const found = at(readAnswer(exchange), 'id');
      must(found === id, `id ${show(id)}`, describeExchange(exchange));
    },
  },
  {
    id: 'models/retrieve-unknown',
    rule: 'GET /models/{id} of a model that does not exist is 404.',
    sources: ['openai-models', 'http'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      // What DeepSeek answers is not known.
      const statuses = ask.isDeepSeek ? [404, 400] : [404];
      requireRefusal(await ask.send({ path: '/models/no-such-model-anywhere' }), statuses);
    },
  },
  {
    id: 'models/sizes',
    rule: 'Where a model has context_window and max_output_tokens, they are whole numbers from 1 on.',
    sources: ['deepseek-models'],
    profiles: DEEPSEEK,
    cost: 'free',
    async check(ask) {
      const sizes = (await readModels(ask)).flatMap((model) => [
        at(model, 'context_window'),
        at(model, 'max_output_tokens'),
      ]);
      const given = sizes.filter((size) => size !== undefined);
      if (given.length === 0) skip('no model tells its sizes');
      must(
        given.every((size) => isCount(size) && size > 0),
        'whole numbers from 1 on',
        given,
      );
    },
  },
  {
    id: 'models/modalities',
    rule: 'Where a model has modalities, what comes in is text or image and what comes out is text.',
    sources: ['deepseek-models'],
    profiles: DEEPSEEK,
    cost: 'free',
    async check(ask) {
      const models = (await readModels(ask)).filter((model) => has(model, 'input_modalities'));
      if (models.length === 0) skip('no model tells its modalities');
      const wrong = models.find(
        (model) =>
          !listAt(model, 'input_modalities').every((each) => each === 'text' || each === 'image') ||
          !listAt(model, 'output_modalities').every((each) => each === 'text'),
      );
      must(wrong === undefined, 'text and image in, text out', wrong);
    },
  },
];

/** A model that tells its context, by the id that is checked; undefined where it does not tell. */
export async function contextWindowOf(ask: Ask): Promise<number | undefined> {
  const models = listAt(parseJson((await ask.send(LIST)).text), 'data');
  const size = at(
    models.find((model) => at(model, 'id') === ask.model),
    'context_window',
  );
  return isCount(size) ? size : undefined;
}

async function readList(ask: Ask): Promise<unknown> {
  return readAnswer(await ask.send(LIST), 'list of models');
}

async function readModels(ask: Ask): Promise<readonly unknown[]> {
  const models = listAt(await readList(ask), 'data');
  must(models.length > 0 && models.every(isObject), 'at least one model', models);
  return models;
}
