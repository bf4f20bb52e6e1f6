/** The kinds by the names that the configuration gives them. */
import type { EngineKind } from '../../pool-settings.js';
import { deepseek } from './deepseek.js';
import type { UpstreamKind } from './kind.js';
import { llamaServer } from './llama-server.js';
import { openai } from './openai.js';
import { plumb } from './plumb.js';
import { sglang } from './sglang.js';
import { vllm } from './vllm.js';

export type { UpstreamKind } from './kind.js';

/** A kind of engine that is reached over HTTP. */
export type UpstreamKindName = Exclude<EngineKind, 'embedded' | 'simulated'>;

export const UPSTREAM_KINDS: Readonly<Record<UpstreamKindName, UpstreamKind>> = {
  openai,
  vllm,
  sglang,
  'llama-server': llamaServer,
  deepseek,
  plumb,
};
