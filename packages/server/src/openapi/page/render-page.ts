/** The reference as one HTML page: made here, from the same description as the document, with nothing from elsewhere. */
import type { OpenApiDocument } from '../build-document.js';
import type { Operation } from '../operation.js';
import { anchorOf, escapeHtml, renderProse } from './html.js';
import { anchorOfOperation, renderOperation } from './render-operation.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

export function renderPage(document: OpenApiDocument, operations: readonly Operation[]): string {
  const { info, tags, components } = document;
  const groups = tags.map(({ name }) => ({ name, members: operations.filter(({ tag }) => tag === name) }));
  const navigation = groups.map(
    ({ name, members }) => `<div class="group"><h2>${escapeHtml(name)}</h2>${members.map(renderLink).join('')}</div>`,
  );
  const sections = groups.map(({ name, members }) => {
    const parts = members.map((operation) => {
      const described = document.paths[operation.path]?.[operation.method.toLowerCase()] ?? {};
      return renderOperation({ operation, described }, components.schemas);
    });
    return `<div class="tag" id="${anchorOf(name)}"><h2>${escapeHtml(name)}</h2>${parts.join('')}</div>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(info.title)} API reference</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the reference</a>
<header><a class="brand" href="#top">${MARK}<span>${escapeHtml(info.title)}</span></a><span class="version">${escapeHtml(info.version)}</span>
<label class="search"><span class="hidden">Search</span><input type="search" id="search" placeholder="Search (/)" autocomplete="off" spellcheck="false"></label>
<a class="raw" href="/openapi.json">OpenAPI 3.1</a></header>
<div class="layout">
<nav aria-label="Operations">${navigation.join('')}</nav>
<main id="main">
<section class="intro" id="top"><h1>API reference</h1><p>${renderProse(info.description)}</p>${ADVICE}</section>
${sections.join('\n')}
<p class="none" id="none" hidden>Nothing matches.</p>
</main>
</div>
<script>${SCRIPT}</script>
</body>
</html>`;
}

function renderLink(operation: Operation): string {
  const { method, summary, path } = operation;
  const words = `${method} ${path} ${summary} ${operation.tag}`.toLowerCase();
  return (
    `<a href="#${anchorOfOperation(operation)}" data-words="${escapeHtml(words)}">` +
    `<span class="method ${method.toLowerCase()}">${method}</span>${escapeHtml(summary)}</a>`
  );
}

/** A plumb line. */
const MARK =
  '<svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true"><path d="M8 0v8M5 8h6l-3 7.5z" fill="none" ' +
  'stroke="currentColor" stroke-width="1.4" stroke-linejoin="round"/></svg>';

const ADVICE =
  '<p>Errors are always <code>{"error": {"message", "type", "param", "code"}}</code>: read the status and ' +
  '<code>type</code>. Every answer has <code>x-ds-trace-id</code>, and where limits apply <code>x-ratelimit-*</code>.</p>';
