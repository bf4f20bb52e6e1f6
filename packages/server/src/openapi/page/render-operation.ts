/** One operation of the reference: what it does, what it takes, what it answers, and how it is called. */

import type { JsonSchema } from '../components.js';
import { type Answer, ERRORS, type Operation } from '../operation.js';
import { type CodeSample, codeSamples } from './code-samples.js';
import { anchorOf, escapeHtml, renderProse } from './html.js';
import { describeType, renderFields, type Schemas } from './render-schema.js';

/** An operation with its description in the document. */
export interface DescribedOperation {
  readonly operation: Operation;
  readonly described: JsonSchema;
}

export function anchorOfOperation({ method, path }: Operation): string {
  return anchorOf(`${method} ${path}`);
}

export function renderOperation({ operation, described }: DescribedOperation, schemas: Schemas): string {
  const { method, path, summary, description } = operation;
  const anchor = anchorOfOperation(operation);
  const words = `${method} ${path} ${summary} ${operation.tag}`.toLowerCase();
  return `<section class="operation" id="${anchor}" data-words="${escapeHtml(words)}">
<div class="text">
<h3><a href="#${anchor}">${escapeHtml(summary)}</a></h3>
<p class="route"><span class="method ${method.toLowerCase()}">${method}</span><code>${escapeHtml(path)}</code></p>
<p>${renderProse(description)}</p>
${KEYS[operation.key]}
${renderParameters(described, schemas)}${renderBody(described, schemas)}${renderAnswers(operation, described, schemas)}
</div>
<div class="samples">${renderSamples(operation, anchor)}</div>
</section>`;
}

const KEYS: Readonly<Record<Operation['key'], string>> = {
  api: '',
  admin: '<p class="note">Takes an admin key.</p>',
  none: '<p class="note">Takes no key.</p>',
};

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: JsonSchema;
}

function renderParameters({ parameters }: JsonSchema, schemas: Schemas): string {
  if (!Array.isArray(parameters)) return '';
  const rows = (parameters as Parameter[]).map(
    ({ name, in: place, description = '', schema }) =>
      `<li><div class="field"><code class="name">${escapeHtml(name)}</code><span class="type">` +
      `${escapeHtml(`${describeType(schema, schemas)}, in the ${place}`)}</span></div><p>${renderProse(description)}</p></li>`,
  );
  return `<h4>Parameters</h4><ul class="fields">${rows.join('')}</ul>`;
}

function renderBody({ requestBody }: JsonSchema, schemas: Schemas): string {
  const schema = schemaOf(requestBody as JsonSchema | undefined, 'application/json');
  return schema === undefined ? '' : `<h4>Body</h4>${renderFields(schema, schemas)}`;
}

function renderAnswers(operation: Operation, { responses }: JsonSchema, schemas: Schemas): string {
  const { answer, otherAnswer, errors } = operation;
  const good = [answer, ...(otherAnswer === undefined ? [] : [otherAnswer])];
  const described = responses as Record<string, JsonSchema>;
  const items = good.map((one) => renderAnswer(one, described[one.status], schemas));
  const failures = [...errors]
    .sort((left, right) => left - right)
    .map(
      (status) => `<tr><td><span class="status bad">${status}</span></td><td>${renderProse(ERRORS[status])}</td></tr>`,
    );
  const table =
    failures.length === 0 ? '' : `<details><summary>Errors</summary><table>${failures.join('')}</table></details>`;
  return `<h4>Answer</h4>${items.join('')}${table}`;
}

function renderAnswer(
  { status, description, content }: Answer,
  response: JsonSchema | undefined,
  schemas: Schemas,
): string {
  const parts = Object.keys(content).map((type) => {
    const schema = schemaOf(response, type);
    const fields = schema === undefined ? '' : renderFields(schema, schemas);
    const name = type === 'text/event-stream' ? 'each event of the stream' : type;
    return fields === '' ? '' : `<details><summary>${escapeHtml(name)}</summary>${fields}</details>`;
  });
  return `<p><span class="status good">${status}</span> ${renderProse(description)}</p>${parts.join('')}`;
}

function schemaOf(holder: JsonSchema | undefined, type: string): JsonSchema | undefined {
  const content = holder?.content as Record<string, { schema: JsonSchema }> | undefined;
  return content?.[type]?.schema;
}

/** What stands for `{id}` in samples, by the path before it. */
const SAMPLE_IDS: readonly (readonly [prefix: string, id: string])[] = [
  ['/v1/models/', 'deepseek-chat'],
  ['/admin/v1/accounts/', 'research'],
  ['/admin/v1/', 'KEY_ID'],
];

function renderSamples(operation: Operation, anchor: string): string {
  const { method, path, example, key } = operation;
  const id = SAMPLE_IDS.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'ID';
  const keyVariable = { api: 'PLUMB_API_KEY', admin: 'PLUMB_ADMIN_KEY', none: undefined }[key];
  const samples = codeSamples({ method, path: path.replace('{id}', id), body: example, keyVariable });
  return `<div class="tabs">${samples.map((sample, index) => renderSample(sample, index, anchor)).join('')}</div>`;
}

/** Tabs without a script: the checked one of some radio buttons is shown. */
function renderSample({ label, source }: CodeSample, index: number, anchor: string): string {
  const id = `${anchor}-${index}`;
  return (
    `<input type="radio" name="${anchor}" id="${id}" data-label="${label}"${index === 0 ? ' checked' : ''}>` +
    `<label for="${id}">${label}</label><pre><code>${escapeHtml(source)}</code></pre>`
  );
}
