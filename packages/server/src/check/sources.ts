/** Where the rules come from: documents that anyone can read. */

/** A document. */
export interface Source {
  readonly title: string;
  readonly url: string;
}

const DEEPSEEK_DOCS = 'https://api-docs.deepseek.com';
const OPENAI_DOCS = 'https://platform.openai.com/docs';

/** Every document that a rule names. */
export const SOURCES = {
  'deepseek-chat': { title: 'DeepSeek: Create Chat Completion', url: `${DEEPSEEK_DOCS}/api/create-chat-completion` },
  'deepseek-fim': { title: 'DeepSeek: Create FIM Completion', url: `${DEEPSEEK_DOCS}/api/create-completion` },
  'deepseek-models': { title: 'DeepSeek: Lists Models', url: `${DEEPSEEK_DOCS}/api/list-models` },
  'deepseek-balance': { title: 'DeepSeek: Get User Balance', url: `${DEEPSEEK_DOCS}/api/get-user-balance` },
  'deepseek-errors': { title: 'DeepSeek: Error Codes', url: `${DEEPSEEK_DOCS}/quick_start/error_codes` },
  'deepseek-limits': { title: 'DeepSeek: Rate Limit', url: `${DEEPSEEK_DOCS}/quick_start/rate_limit` },
  'deepseek-thinking': { title: 'DeepSeek: Thinking Mode', url: `${DEEPSEEK_DOCS}/guides/thinking_mode` },
  'deepseek-tools': { title: 'DeepSeek: Tool Calls', url: `${DEEPSEEK_DOCS}/guides/tool_calls` },
  'deepseek-json': { title: 'DeepSeek: JSON Output', url: `${DEEPSEEK_DOCS}/guides/json_mode` },
  'deepseek-prefix': {
    title: 'DeepSeek: Chat Prefix Completion',
    url: `${DEEPSEEK_DOCS}/guides/chat_prefix_completion`,
  },
  'deepseek-cache': { title: 'DeepSeek: Context Caching', url: `${DEEPSEEK_DOCS}/guides/kv_cache` },
  'deepseek-seen': {
    title: 'DeepSeek: answers of the live API, recorded in July 2026',
    url: 'https://github.com/chatdeepai/deepseek-api-reproducible-tests',
  },
  'deepseek-recipe': {
    title: 'DeepSeek: its own request checks',
    url: 'https://github.com/deepseek-ai/deepseek-recipe',
  },
  'openai-chat': { title: 'OpenAI: Create chat completion', url: `${OPENAI_DOCS}/api-reference/chat/create` },
  'openai-answer': { title: 'OpenAI: The chat completion object', url: `${OPENAI_DOCS}/api-reference/chat/object` },
  'openai-stream': { title: 'OpenAI: Chat completion chunks', url: `${OPENAI_DOCS}/api-reference/chat-streaming` },
  'openai-models': { title: 'OpenAI: Models', url: `${OPENAI_DOCS}/api-reference/models` },
  'openai-errors': { title: 'OpenAI: Error codes', url: `${OPENAI_DOCS}/guides/error-codes` },
  'openai-tools': { title: 'OpenAI: Function calling', url: `${OPENAI_DOCS}/guides/function-calling` },
  'openai-json': { title: 'OpenAI: Structured outputs', url: `${OPENAI_DOCS}/guides/structured-outputs` },
  'openai-limits': { title: 'OpenAI: Rate limits', url: `${OPENAI_DOCS}/guides/rate-limits` },
  'openai-sdk': { title: 'What the OpenAI SDK for Node reads', url: 'https://github.com/openai/openai-node' },
  http: { title: 'RFC 9110: HTTP Semantics', url: 'https://www.rfc-editor.org/rfc/rfc9110' },
  sse: {
    title: 'WHATWG HTML: Server-sent events',
    url: 'https://html.spec.whatwg.org/multipage/server-sent-events.html',
  },
} as const satisfies Record<string, Source>;

/** The short name of a document. */
export type SourceName = keyof typeof SOURCES;
