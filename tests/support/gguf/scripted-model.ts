/**
 * Makes the scripted model: a real GGUF of a few hundred kilobytes without trained weights that llama.cpp loads in
 * milliseconds and that says the same text every time, at any sampling setting that leaves the likeliest token in.
 *
 * Attention and feed-forward are zero, so the hidden state at the output is the embedding of the last token. Each token
 * of the script has a direction of its own there, all other tokens share one, and the output matrix gives the token
 * after it a logit far above all others: a table from the last token to the next one. See `scripts.ts` for the texts,
 * `chat-templates.ts` for the prompts and `vocabulary.ts` for the tokens.
 */
import { AFTER_TOOL_TOKEN, type ChatStyle } from './chat-templates.js';
import { writeLlamaModel } from './llama-model.js';
import { cutReply, type Reply, SCRIPTS, type Script, type ScriptName } from './scripts.js';
import { addToken, createVocabulary, markersOf, TokenType, type Vocabulary } from './vocabulary.js';

/** How to make a scripted model. */
export interface ScriptedModelOptions {
  /** A ready-made script, or replies that take the place of those of `hello`. Default `hello`. */
  script?: ScriptName | Partial<Script>;
  /** Default `thinking`. */
  style?: ChatStyle;
  /** Tokens of context that the model says it was trained for. Default 8192. */
  contextTokens?: number;
  /** Whether prompts begin with a token of their own, as those of many models do but SmolLM2's do not. Default false. */
  beginToken?: boolean;
  /** Whether the markers of calls are tokens, in the styles of `call-templates.ts`. Default true. */
  markerTokens?: boolean;
}

/** What a test needs to know of the model that was written. */
export interface ScriptedModel {
  path: string;
  script: Script;
  /** How many tokens each text of the script is, without the token (if any) that `next` adds. */
  tokenCounts: Record<keyof Script, number>;
}

/**
 * Writes a scripted model, over a file that is there.
 *
 * @throws Error when a text of the script cannot be cut into tokens (see `cutReply`).
 */
export function writeScriptedModel(path: string, options: ScriptedModelOptions = {}): ScriptedModel {
  const {
    script: asked = 'hello',
    style = 'thinking',
    contextTokens = 8192,
    beginToken = false,
    markerTokens = true,
  } = options;
  const script: Script = typeof asked === 'string' ? SCRIPTS[asked] : { ...SCRIPTS.hello, ...asked };
  const vocabulary = createVocabulary(style, beginToken, true, markerTokens);
  if (script.afterTool !== undefined) addToken(vocabulary, AFTER_TOOL_TOKEN, TokenType.control);
  const { successors, usual, tokenCounts } = linkScript(script, vocabulary);

  // One direction for each token with a successor of its own, and the first one for all others.
  const directions = new Map([...successors.keys()].map((token, index) => [token, index + 1]));
  const hidden = Math.ceil((directions.size + 1) / HEAD_LENGTH) * HEAD_LENGTH;
  const heads = hidden / HEAD_LENGTH;
  const shape = { layers: 1, hidden, heads, keyValueHeads: 1, feedForward: HEAD_LENGTH, contextTokens };

  writeLlamaModel(path, 'Plumb scripted test model', shape, vocabulary, (tensor, columns, rows) => {
    const values = new Float32Array(columns * rows);
    if (tensor === 'token_embd.weight') {
      // Of mean square one, so that the norm before the output keeps it as it is.
      for (let token = 0; token < rows; token++) {
        values[token * columns + (directions.get(token) ?? 0)] = Math.sqrt(hidden);
      }
    } else if (tensor === 'output.weight') {
      values[usual * columns] = LOGIT / Math.sqrt(hidden);
      for (const [token, direction] of directions) {
        values[successors.get(token)! * columns + direction] = LOGIT / Math.sqrt(hidden);
      }
    }
    return values;
  });
  return { path, script, tokenCounts };
}

/**
 * The logit of the scripted token; all others have 0. A `logit_bias` of ±100 outweighs it, and so does a
 * `frequency_penalty` of 2 once a token has come 25 times, as in an endless script.
 */
const LOGIT = 50;

const HEAD_LENGTH = 64;

/** The table from the last token to the next one. */
interface LinkedScript {
  /** The next token after each token that the script knows. */
  successors: Map<number, number>;
  /** The next token after all others. */
  usual: number;
  tokenCounts: Record<keyof Script, number>;
}

/** Adds the tokens of the script to the vocabulary and says which one follows which. */
function linkScript(script: Script, vocabulary: Vocabulary): LinkedScript {
  const successors = new Map<number, number>();
  const endOfTurn = vocabulary.ids.get('<|im_end|>')!;
  const isTaken = (piece: string) => vocabulary.ids.has(piece);
  const tokenCounts = { answer: 0, thinking: 0, toolCall: 0, infill: 0, afterTool: 0 };
  let usual = endOfTurn;

  const link = (name: keyof Script, reply: Reply): number => {
    const chain = splitAtMarkers(reply, vocabulary).flatMap((text) => {
      const known = reply.markers === true ? vocabulary.ids.get(text) : undefined;
      if (known !== undefined) return [known];
      return cutReply({ ...reply, text }, isTaken).map((piece) => addToken(vocabulary, piece, TokenType.normal));
    });
    chain.push(following(reply, chain[0]));
    for (const [index, token] of chain.entries()) if (index > 0) successors.set(chain[index - 1]!, token);
    tokenCounts[name] = chain.length - 1;
    return chain[0]!;
  };
  const following = (reply: Reply, first: number | undefined): number => {
    if (reply.next === 'answer') return usual;
    if (reply.next === 'repeat') return first ?? endOfTurn;
    return vocabulary.ids.get(reply.next) ?? endOfTurn;
  };

  usual = link('answer', script.answer);
  for (const [name, triggers] of Object.entries(TRIGGERS) as [keyof typeof TRIGGERS, Triggers][]) {
    const reply = script[name];
    if (reply === undefined) continue;
    const known = (triggers[vocabulary.style] ?? triggers.plain).map((trigger) => vocabulary.ids.get(trigger)!);
    const first = link(name, reply);
    for (const token of known) successors.set(token, first);
  }
  const afterCall = vocabulary.ids.get('</tool_call>');
  if (afterCall !== undefined) successors.set(afterCall, endOfTurn);
  return { successors, usual, tokenCounts };
}

/** The parts of a text between special tokens, and those tokens. */
function splitAtMarkers({ text, markers = false }: Reply, { style }: Vocabulary): string[] {
  if (!markers) return [text];
  const texts = markersOf(style).map((marker) => marker.replace(/[[\]|/]/g, '\\$&'));
  return text.split(new RegExp(`(${texts.join('|')})`)).filter((part) => part !== '');
}

/** By style; those that are not listed are like `plain`. */
type Triggers = Partial<Record<ChatStyle, readonly string[]>> & { readonly plain: readonly string[] };

/** The last tokens of a prompt that start a reply other than the answer. */
const TRIGGERS: Record<Exclude<keyof Script, 'answer'>, Triggers> = {
  thinking: { thinking: ['<think>'], plain: ['>', '>\n'] },
  toolCall: { thinking: ['<tool_call>'], plain: [] },
  infill: { thinking: ['<fim_middle>'], plain: ['<fim_middle>'] },
  afterTool: { thinking: [AFTER_TOOL_TOKEN], plain: [] },
};
