/** Loads a model file and builds everything that generating from it needs. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { AnswerPlanner } from './answer/answer-planner.js';
import { findMarkers, withMarkers } from './calls/marker-tokens.js';
import type { GenerationKit } from './generation/generation.js';
import { SamplerPool } from './generation/sampler-pool.js';
import { TokenTexts } from './generation/token-texts.js';
import { Utf8Guard } from './generation/utf8-guard.js';
import { type GgufMetadata, readGgufMetadata } from './gguf-metadata.js';
import type { EngineDescription, LoadOptions } from './link/index.js';
import { ADDON_VERSION } from './native/addon.js';
import { NativeModel } from './native/native-model.js';
import { trySampling } from './native/self-test.js';
import { ChatTemplate } from './prompt/chat-template.js';
import { MarkerGuard } from './prompt/marker-guard.js';
import { PromptBuilder } from './prompt/prompt-builder.js';
import { FORCED_CLOSING } from './prompt/thinking.js';
import { longestChunk } from './scheduling/chunk-length.js';
import { SequenceArchive } from './scheduling/sequence-archive.js';
import { SequenceCache } from './scheduling/sequence-cache.js';

/** A model that is ready to generate. */
export interface LoadedModel {
  readonly model: NativeModel;
  readonly planner: AnswerPlanner;
  readonly prompts: PromptBuilder;
  readonly samplers: SamplerPool;
  readonly sequences: SequenceCache;
  /** Where sequences are kept between two lives of the engine, where they are. */
  readonly archive: SequenceArchive | undefined;
  readonly kit: GenerationKit;
  readonly description: EngineDescription;
}

/** Beyond the context that callers see: room for what closes a think block, which they did not ask for. */
const CLOSING_TOKENS_MAX = 32;

/** Bytes that a token is at most taken to have where the file does not say. */
const LONGEST_TOKEN_BYTES = 256;

/**
 * Loads a model.
 *
 * @throws Error with a sentence for the operator.
 */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
  const metadata = readGgufMetadata(options.modelPath);
  const contextTokens = Math.min(options.contextTokens, trainedTokens(metadata));
  const vocabulary = metadata.arrays.get('tokenizer.ggml.tokens');
  if (vocabulary === undefined) throw new Error('The model file has no tokenizer.');
  const nativeOptions = {
    ...options,
    contextTokens: contextTokens + CLOSING_TOKENS_MAX,
    batchTokens: Math.max(longestChunk(options.gpuLayers > 0), options.sequences),
  };
  const model = await NativeModel.open(nativeOptions, vocabulary.length);
  await trySampling(model);
  const specialTokens = model.specialTokens();
  const endTokens = new Set(model.endTokens());
  const template = new ChatTemplate(model, textOf(metadata, 'tokenizer.chat_template'));
  const markers = findMarkers(template.callForm, specialTokens, endTokens);
  const controlTokens = specialTokens
    .filter(({ control, text }) => control && !markers.has(text))
    .map(({ token }) => token);
  const tokenBytes = withMarkers(model.tokenBytes, markers);
  const startGrammar = (gbnf: string) => model.startGrammar(gbnf, markers);
  const names = new Map(specialTokens.map(({ token, text }) => [token, text]));
  const description = {
    modelName: basename(options.modelPath, '.gguf'),
    contextTokens,
    sequences: options.sequences,
    fingerprint: fingerprintOf(options),
    thinksNatively: template.thinksNatively,
    completesTexts: true,
    // How much a model thinks that was trained to is its own affair.
    hasEffortLevels: !template.thinksNatively,
  };
  return {
    model,
    planner: new AnswerPlanner({ form: template.callForm, tokens: markers }, startGrammar),
    prompts: new PromptBuilder({
      model,
      template,
      guard: new MarkerGuard(specialTokens),
      contextTokens,
      longestTokenBytes: vocabulary.longestBytes || LONGEST_TOKEN_BYTES,
    }),
    samplers: new SamplerPool(model),
    sequences: new SequenceCache(model, options.sequences),
    archive: openArchive(options, model, description),
    kit: {
      texts: new TokenTexts(tokenBytes, vocabulary.length),
      names: { tokenBytes, nameOf: (token) => names.get(token) ?? '' },
      endTokens,
      constraints: {
        startGrammar,
        silentTokens: controlTokens.filter((token) => !endTokens.has(token)),
        controlTokens: [...new Set([...endTokens, ...controlTokens])],
        utf8: new Utf8Guard(tokenBytes, vocabulary.length),
      },
      closingTokens: model.tokenize(FORCED_CLOSING, false).subarray(0, CLOSING_TOKENS_MAX),
      thinkingTokens: options.thinkingTokens,
      fingerprint: description.fingerprint,
    },
    description,
  };
}

/** What sequences hold depends on the model file, the engine and its settings: the fingerprint stands for all of them. */
function openArchive(
  { archive }: LoadOptions,
  memory: NativeModel,
  { fingerprint, contextTokens }: EngineDescription,
): SequenceArchive | undefined {
  if (archive === undefined) return undefined;
  const log = (message: string) => process.stderr.write(`${message}\n`);
  return new SequenceArchive({ ...archive, memory, key: `${fingerprint}-${contextTokens}`, contextTokens, log });
}

/** What an embedding model says of itself, before it is loaded. Each of its sequences is one input. */
export function describeEmbedder(options: LoadOptions, metadata: GgufMetadata): EngineDescription {
  return {
    modelName: basename(options.modelPath, '.gguf'),
    contextTokens: Math.min(options.contextTokens, trainedTokens(metadata)),
    sequences: 1,
    fingerprint: fingerprintOf(options),
    thinksNatively: false,
    completesTexts: false,
    hasEffortLevels: false,
  };
}

/** Tokens of context that the model was trained for, or as many as anyone can ask for where the file does not say. */
function trainedTokens({ values }: GgufMetadata): number {
  const trained = values.get(`${values.get('general.architecture')}.context_length`);
  return typeof trained === 'number' && trained > 0 ? trained : Number.MAX_SAFE_INTEGER;
}

function textOf({ values }: GgufMetadata, key: string): string | undefined {
  const value = values.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** How much of the start and of the end of a model file stands for all of it: hashing gigabytes would take seconds. */
const FINGERPRINT_BYTES = 1024 * 1024;

/** 32 hex digits over the model file, the engine and the settings that its output depends on. */
function fingerprintOf({ modelPath, threads, gpuLayers, thinkingTokens }: LoadOptions): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ addon: ADDON_VERSION, threads, gpuLayers, thinkingTokens }));
  const file = openSync(modelPath, 'r');
  try {
    const { size } = fstatSync(file);
    hash.update(String(size));
    const block = Buffer.alloc(FINGERPRINT_BYTES);
    for (const start of [0, Math.max(0, size - FINGERPRINT_BYTES)]) {
      hash.update(block.subarray(0, readSync(file, block, 0, block.length, start)));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest('hex').slice(0, 32);
}
