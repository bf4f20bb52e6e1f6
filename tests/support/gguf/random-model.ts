/**
 * Makes a model with random weights: what it says is nonsense, but depends on every token before it, so it shows what
 * the scripted model cannot: that a cache, a batch or a restart leaves the text of a sequence as it was.
 */
import type { ChatStyle } from './chat-templates.js';
import { type LlamaShape, writeLlamaModel } from './llama-model.js';
import { createRandom } from './random.js';
import { createVocabulary, markersOf, TokenType } from './vocabulary.js';

/** How to make a random model. Without more it has 2 layers, hidden length 64 and about 300 kB. */
export interface RandomModelOptions extends Partial<LlamaShape> {
  /** Models of one shape and seed are equal to the byte. Default 1. */
  seed?: number;
  /** Whether it has the tokens of filling in the middle. Default true. */
  infill?: boolean;
  /** Its chat template and vocabulary. Default `thinking`. */
  style?: ChatStyle;
}

/**
 * Writes a random model, over a file that is there. It has the vocabulary and the chat template of a style of the scripted
 * model. Chosen greedily it never ends a turn: special tokens but the markers of calls have the logit 0, others a spread
 * of `LOGIT_SPREAD` around it, so that the two likeliest tokens are seldom close enough for rounding to swap them.
 */
export function writeRandomModel(path: string, options: RandomModelOptions = {}): void {
  const { seed = 1, infill = true, style = 'thinking', ...asked } = options;
  const shape = { layers: 2, hidden: 64, heads: 4, keyValueHeads: 2, feedForward: 192, contextTokens: 8192, ...asked };
  const vocabulary = createVocabulary(style, false, infill);
  const markers = new Set(markersOf(style));
  const random = createRandom(seed);

  writeLlamaModel(path, 'Plumb random test model', shape, vocabulary, (tensor, columns, rows) => {
    const isOutput = tensor === 'output.weight';
    const gain = isOutput ? LOGIT_SPREAD : tensor.includes('.attn_') ? ATTENTION_GAIN : 1;
    // An embedding is picked, not summed over columns.
    const deviation = tensor === 'token_embd.weight' ? 1 : gain / Math.sqrt(columns);
    const values = new Float32Array(columns * rows).map(() => random() * deviation);
    if (isOutput) {
      for (const [token, type] of vocabulary.types.entries()) {
        if (type !== TokenType.normal && !markers.has(vocabulary.texts[token]!))
          values.fill(0, token * columns, (token + 1) * columns);
      }
    }
    return values;
  });
}

/** Standard deviation of the logits of normal tokens. */
const LOGIT_SPREAD = 6;

/** How much larger attention's weights are than what keeps variance: the context then outweighs the last token. */
const ATTENTION_GAIN = 2.5;
