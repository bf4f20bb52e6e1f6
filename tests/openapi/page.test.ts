/** The reference page: whole without anything from elsewhere, and safe whatever a description says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { buildDocument } from '#server/openapi/build-document.js';
import type { Operation } from '#server/openapi/operation.js';
import { codeSamples } from '#server/openapi/page/code-samples.js';
import { anchorOf, renderProse } from '#server/openapi/page/html.js';
import { renderOperation } from '#server/openapi/page/render-operation.js';
import { renderFields } from '#server/openapi/page/render-schema.js';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

let plumb: TestServer;
let response: Response;
let page: string;
before(async () => {
  plumb = await startPlumb({ engine: new AnsweringEngine() });
  response = await fetch(`${plumb.url}/docs`);
  page = await response.text();
});
after(() => plumb.stop());

describe('the page', () => {
  test('is served as HTML without a key', () => {
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(page, /^<!doctype html>/);
  });

  test('takes nothing from elsewhere, and may run its own script alone', () => {
    assert.doesNotMatch(page, /<(?:script|link|img|iframe)[^>]*\s(?:src|href)=/);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'/);
  });

  test('shows every operation of the document, and leads to it', () => {
    for (const [path, methods] of Object.entries(buildDocument({ version: '1', admin: true }).paths)) {
      for (const method of Object.keys(methods)) {
        const anchor = anchorOf(`${method} ${path}`);
        assert.ok(page.includes(`id="${anchor}"`), anchor);
        assert.ok(page.includes(`href="#${anchor}"`), anchor);
      }
    }
  });

  test('has no two places of one name', () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
  });

  test('closes what it opens', () => {
    const body = page.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '');
    for (const tag of ['section', 'div', 'ul', 'li', 'details', 'pre', 'code', 'table', 'nav', 'main']) {
      const opened = body.match(new RegExp(`<${tag}[\\s>]`, 'g'))?.length ?? 0;
      const closed = body.match(new RegExp(`</${tag}>`, 'g'))?.length ?? 0;
      assert.equal(opened, closed, tag);
    }
  });
});

describe('text of the reference', () => {
  test('is text, whatever it looks like, and code in backquotes', () => {
    assert.equal(renderProse('<b> & `x<y`'), '&lt;b&gt; &amp; <code>x&lt;y</code>');
  });

  test('is escaped in the names of fields and in operations', () => {
    const schema = { type: 'object', properties: { '<img>': { type: 'string', description: '<script>' } } };
    assert.doesNotMatch(renderFields(schema, {}), /<img>|<script>/);
    const operation: Operation = {
      ...{ method: 'GET', path: '/x"><script>', tag: '<t>', summary: '<s>', description: '<d>', errors: [] },
      ...{ key: 'none', answer: { status: 200, description: '<a>', content: {} } },
    };
    assert.doesNotMatch(renderOperation({ operation, described: { responses: {} } }, {}), /<script>|<t>|<s>|<d>|<a>/);
  });

  test('of shapes that hold themselves ends', () => {
    const schemas = {
      Node: { type: 'object', title: 'Node', properties: { next: { $ref: '#/components/schemas/Node' } } },
    };
    assert.ok(renderFields({ $ref: '#/components/schemas/Node' }, schemas).length < 10_000);
  });
});

describe('samples', () => {
  const request = { method: 'POST', path: '/v1/chat/completions', keyVariable: 'KEY' };

  test('quote what a shell would take for its own', () => {
    const [curl] = codeSamples({ ...request, body: { text: "it's" } });
    assert.match(curl!.source, /-d '\{"text":"it'\\''s"\}'/);
  });

  test('are calls of the SDK where it has them', () => {
    const [, python, node] = codeSamples({ ...request, body: { model: 'm', list: [{ a: 1 }], flag: "it's" } });
    assert.match(python!.source, /client\.chat\.completions\.create\(\n {4}model="m",\n {4}list=\[\{"a": 1\}\],/);
    assert.match(
      node!.source,
      /client\.chat\.completions\.create\(\{ model: 'm', list: \[\{ a: 1 \}\], flag: 'it\\'s' \}\)/,
    );
  });

  test('are plain requests elsewhere, without a key where none is needed', () => {
    const [curl, python, node] = codeSamples({
      method: 'GET',
      path: '/healthz',
      body: undefined,
      keyVariable: undefined,
    });
    assert.equal(curl!.source, 'curl http://127.0.0.1:8080/healthz');
    assert.doesNotMatch(python!.source + node!.source, /Authorization|import json/);
  });
});
