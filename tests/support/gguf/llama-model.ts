/** What every test model has in common: the tensors and the metadata that llama.cpp wants of the llama architecture. */
import { tokenizerMetadata, type Vocabulary } from './vocabulary.js';
import { type MetadataEntry, type Tensor, writeGguf } from './write-gguf.js';

/** The shape of a model. */
export interface LlamaShape {
  /** Transformer blocks. */
  layers: number;
  /** Length of the hidden state, a multiple of `heads`. */
  hidden: number;
  /** Attention heads of queries; `hidden / heads` must be even. */
  heads: number;
  /** Attention heads of keys and values, a divisor of `heads`. */
  keyValueHeads: number;
  /** Length of the inner state of the feed-forward part. */
  feedForward: number;
  /** Tokens of context that the model says it was trained for. */
  contextTokens: number;
}

/**
 * Gives the values of a matrix with `rows` rows (its outputs) of `columns` values (its inputs). In `token_embd.weight`
 * a row is a token's hidden state, in `output.weight` it gives a token's logit.
 */
export type FillMatrix = (tensor: string, columns: number, rows: number) => Float32Array;

/** Writes a model with f16 matrices, untied output and norms of one. */
export function writeLlamaModel(
  path: string,
  name: string,
  shape: LlamaShape,
  vocabulary: Vocabulary,
  fill: FillMatrix,
): void {
  const { layers, hidden, heads, keyValueHeads, feedForward } = shape;
  const tokens = vocabulary.texts.length;
  const keyValues = (hidden / heads) * keyValueHeads;
  const matrix = (tensor: string, columns: number, rows: number): Tensor => ({
    name: tensor,
    type: 'f16',
    shape: [columns, rows],
    values: fill(tensor, columns, rows),
  });
  const norm = (tensor: string): Tensor => ({
    name: tensor,
    type: 'f32',
    shape: [hidden],
    values: new Float32Array(hidden).fill(1),
  });
  const blocks = Array.from({ length: layers }, (_, layer) => [
    norm(`blk.${layer}.attn_norm.weight`),
    matrix(`blk.${layer}.attn_q.weight`, hidden, hidden),
    matrix(`blk.${layer}.attn_k.weight`, hidden, keyValues),
    matrix(`blk.${layer}.attn_v.weight`, hidden, keyValues),
    matrix(`blk.${layer}.attn_output.weight`, hidden, hidden),
    norm(`blk.${layer}.ffn_norm.weight`),
    matrix(`blk.${layer}.ffn_gate.weight`, hidden, feedForward),
    matrix(`blk.${layer}.ffn_up.weight`, hidden, feedForward),
    matrix(`blk.${layer}.ffn_down.weight`, feedForward, hidden),
  ]);
  const ends = [norm('output_norm.weight'), matrix('output.weight', hidden, tokens)];
  const tensors = [matrix('token_embd.weight', hidden, tokens), ...blocks.flat(), ...ends];
  const metadata = [...shapeMetadata(name, shape, tokens), ...tokenizerMetadata(vocabulary)];
  writeGguf(path, { metadata, tensors });
}

function shapeMetadata(name: string, shape: LlamaShape, tokens: number): MetadataEntry[] {
  return [
    ['general.architecture', 'string', 'llama'],
    ['general.name', 'string', name],
    ['general.file_type', 'uint32', FILE_TYPE_MOSTLY_F16],
    ['llama.vocab_size', 'uint32', tokens],
    ['llama.context_length', 'uint32', shape.contextTokens],
    ['llama.embedding_length', 'uint32', shape.hidden],
    ['llama.block_count', 'uint32', shape.layers],
    ['llama.feed_forward_length', 'uint32', shape.feedForward],
    ['llama.attention.head_count', 'uint32', shape.heads],
    ['llama.attention.head_count_kv', 'uint32', shape.keyValueHeads],
    ['llama.attention.layer_norm_rms_epsilon', 'float32', 1e-5],
    ['llama.rope.dimension_count', 'uint32', shape.hidden / shape.heads],
    ['llama.rope.freq_base', 'float32', 10_000],
  ];
}

const FILE_TYPE_MOSTLY_F16 = 1;
