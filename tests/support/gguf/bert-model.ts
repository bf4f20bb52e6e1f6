/**
 * Makes an embedding model with random weights: a BERT of one layer over a small WordPiece vocabulary, which reads in both
 * directions and takes the mean over all tokens, as real models of this kind do.
 */
import { createRandom } from './random.js';
import { type MetadataEntry, type Tensor, writeGguf } from './write-gguf.js';

/** How to make a model. */
export interface BertModelOptions {
  /** Tokens of context that the model says it was trained for. Default 64. */
  contextTokens?: number;
  /** Numbers of a vector. Default 32. */
  hidden?: number;
}

const HEADS = 4;

/** Writes a model, over a file that is there. */
export function writeBertModel(path: string, { contextTokens = 64, hidden = 32 }: BertModelOptions = {}): void {
  const random = createRandom(1);
  const tensor = (name: string, shape: number[], values: Float32Array): Tensor => ({
    name,
    type: 'f32',
    shape,
    values,
  });
  const matrix = (name: string, columns: number, rows: number) =>
    tensor(
      name,
      [columns, rows],
      new Float32Array(columns * rows).map(() => random() / Math.sqrt(columns)),
    );
  const vector = (name: string, length: number, value: number) =>
    tensor(name, [length], new Float32Array(length).fill(value));
  const norm = (name: string) => [vector(`${name}.weight`, hidden, 1), vector(`${name}.bias`, hidden, 0)];
  const linear = (name: string, columns: number, rows: number) => [
    matrix(`${name}.weight`, columns, rows),
    vector(`${name}.bias`, rows, 0),
  ];
  const tensors = [
    matrix('token_embd.weight', hidden, TOKENS.length),
    matrix('token_types.weight', hidden, 2),
    matrix('position_embd.weight', hidden, contextTokens),
    ...norm('token_embd_norm'),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].flatMap((part) => linear(`blk.0.${part}`, hidden, hidden)),
    ...norm('blk.0.attn_output_norm'),
    ...linear('blk.0.ffn_up', hidden, 2 * hidden),
    ...linear('blk.0.ffn_down', 2 * hidden, hidden),
    ...norm('blk.0.layer_output_norm'),
  ];
  writeGguf(path, { metadata: metadataOf(contextTokens, hidden), tensors });
}

/** How many tokens the vocabulary has. */
export function bertVocabularySize(): number {
  return TOKENS.length;
}

function metadataOf(contextTokens: number, hidden: number): MetadataEntry[] {
  const id = (text: string) => TOKENS.indexOf(text);
  return [
    ['general.architecture', 'string', 'bert'],
    ['general.name', 'string', 'Plumb random embedding model'],
    ['bert.context_length', 'uint32', contextTokens],
    ['bert.embedding_length', 'uint32', hidden],
    ['bert.block_count', 'uint32', 1],
    ['bert.feed_forward_length', 'uint32', 2 * hidden],
    ['bert.attention.head_count', 'uint32', HEADS],
    ['bert.attention.layer_norm_epsilon', 'float32', 1e-12],
    ['bert.attention.causal', 'bool', false],
    ['bert.pooling_type', 'uint32', MEAN_POOLING],
    ['tokenizer.ggml.model', 'string', 'bert'],
    ['tokenizer.ggml.tokens', 'string', TOKENS],
    ['tokenizer.ggml.token_type', 'int32', TOKENS.map((text) => (text.startsWith('[') ? 3 : 1))],
    ['tokenizer.ggml.token_type_count', 'uint32', 2],
    ['tokenizer.ggml.bos_token_id', 'uint32', id('[CLS]')],
    ['tokenizer.ggml.cls_token_id', 'uint32', id('[CLS]')],
    ['tokenizer.ggml.eos_token_id', 'uint32', id('[SEP]')],
    ['tokenizer.ggml.seperator_token_id', 'uint32', id('[SEP]')],
    ['tokenizer.ggml.unknown_token_id', 'uint32', id('[UNK]')],
    ['tokenizer.ggml.padding_token_id', 'uint32', id('[PAD]')],
  ];
}

const MEAN_POOLING = 1;

/** Whole words and single letters; what begins a word is marked in front, as llama.cpp writes WordPiece. */
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const TOKENS = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  ...['the', 'lake', 'is', 'deep', 'line', 'lead', 'hello', 'world'].map((word) => `▁${word}`),
  ...LETTERS.map((letter) => `▁${letter}`),
  ...LETTERS,
];
