/** The reference of the API, for programs and for people; made when it is first asked for, the same until the server ends. */
import { createHash } from 'node:crypto';
import { ADMIN_OPERATIONS } from './admin-operations.js';
import { buildDocument, type DocumentOptions } from './build-document.js';
import { renderPage } from './page/render-page.js';
import { SCRIPT } from './page/script.js';
import { STYLE } from './page/style.js';
import { PUBLIC_OPERATIONS } from './public-operations.js';

export class Reference {
  readonly #options: DocumentOptions;
  #document: string | undefined;
  #page: string | undefined;

  constructor(options: DocumentOptions) {
    this.#options = options;
  }

  /** The OpenAPI 3.1 document, as JSON text. */
  get document(): string {
    this.#document ??= JSON.stringify(buildDocument(this.#options));
    return this.#document;
  }

  /** The HTML page. */
  get page(): string {
    const operations = [...PUBLIC_OPERATIONS, ...(this.#options.admin ? ADMIN_OPERATIONS : [])];
    this.#page ??= renderPage(buildDocument(this.#options), operations);
    return this.#page;
  }

  /** What the page may do: show itself, run its one script, nothing else (CSP level 3). */
  get pagePolicy(): string {
    const own = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    return (
      `default-src 'none'; style-src ${own(STYLE)}; script-src ${own(SCRIPT)}; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
  }
}
