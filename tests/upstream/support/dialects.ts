/** The recorded streams of `dialects/`, each with the job that it answers and what our client should get. */
import { readFileSync } from 'node:fs';
import { TOOLS } from './jobs.js';
import type { Replay } from './replay.js';

const FOLDER = new URL('../../../upstream/dialects/', import.meta.url);
const withTools = { request: { tools: TOOLS } };

/** What each file answers. */
export const DIALECTS: Readonly<Record<string, Replay>> = {
  'deepseek-thinking': { kind: 'deepseek', thinking: true, request: { stream_options: { include_usage: true } } },
  'deepseek-tools': { kind: 'deepseek', ...withTools },
  'vllm-reasoning': { kind: 'vllm', thinking: true },
  'vllm-both-fields': { kind: 'vllm', thinking: true },
  'vllm-tools': { kind: 'vllm', ...withTools },
  'vllm-logprobs': { kind: 'vllm', thinking: true, request: { logprobs: true, top_logprobs: 2 } },
  sglang: { kind: 'sglang', thinking: true, ...withTools },
  'llama-server': { kind: 'llama-server', thinking: true },
  'llama-server-tools': { kind: 'llama-server', ...withTools },
  'openai-plain': { kind: 'openai' },
  'openai-no-usage': { kind: 'openai' },
  'openai-no-finish': { kind: 'openai' },
  'openai-calls-without-index': { kind: 'openai', ...withTools },
  'think-tags': { kind: 'openai', thinking: true },
  'think-closing-alone': { kind: 'openai', thinking: true },
  'markup-v3': { kind: 'openai', ...withTools },
  'markup-v31': { kind: 'openai', ...withTools },
  'markup-dsml': { kind: 'vllm', ...withTools },
  'markup-dsml-double': { kind: 'sglang', ...withTools },
  'markup-dsml-two-strokes': { kind: 'openai', ...withTools },
  'markup-dsml-ascii': { kind: 'openai', ...withTools },
  'markup-dsml-json': { kind: 'openai', ...withTools },
  'error-vllm': { kind: 'vllm' },
  'error-object': { kind: 'vllm' },
  'error-named-event': { kind: 'openai' },
  'cut-in-the-middle': { kind: 'openai' },
};

/** The bytes of a dialect file. */
export function readDialect(name: string): Buffer {
  return readFileSync(new URL(`${name}.sse`, FOLDER));
}

/** What our client should get of it, as `transcript` writes it. */
export function readGolden(name: string): string {
  return readFileSync(new URL(`${name}.golden.txt`, FOLDER), 'utf8');
}
