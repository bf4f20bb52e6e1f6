/** What bytes a token stands for. A token can end inside a character, so its text alone does not do. */
import type { AddonModel } from './addon.js';

/** `llama_token_attr` bits. */
const Attribute = { control: 1 << 3, userDefined: 1 << 4, byte: 1 << 5 } as const;

/** `llama_vocab_type` values: those of nearly all chat models, of BERT, and two relatives of the first. */
export const VocabularyType = { sentencePiece: 1, byteLevel: 2, wordPiece: 3, unigram: 4, plamo: 6 } as const;

/** Gives the bytes of a token as output; control tokens have none. */
export type TokenBytes = (token: number) => Buffer;

/** Reads the vocabulary's way of writing bytes off its type. */
export function createTokenBytes(model: AddonModel): TokenBytes {
  const decode = chooseDecoder(model);
  return (token) => {
    const attributes = model.getTokenAttributes(token);
    if ((attributes & Attribute.control) !== 0) return NO_BYTES;
    if ((attributes & Attribute.userDefined) !== 0) return Buffer.from(model.getTokenString(token));
    return decode(token, attributes);
  };
}

/** Whether a token is a marker of the model rather than a piece of text. */
export function isSpecialToken(model: AddonModel, token: number): boolean {
  return (model.getTokenAttributes(token) & (Attribute.control | Attribute.userDefined)) !== 0;
}

/** Whether a token is a control token: one that text alone must never become. */
export function isControlToken(model: AddonModel, token: number): boolean {
  return (model.getTokenAttributes(token) & Attribute.control) !== 0;
}

const NO_BYTES = Buffer.alloc(0);

function chooseDecoder(model: AddonModel): (token: number, attributes: number) => Buffer {
  switch (model.getVocabularyType()) {
    case VocabularyType.byteLevel: {
      const alphabet = createByteAlphabet();
      return (token) => decodeByteLevel(model.getTokenString(token), alphabet);
    }
    case VocabularyType.sentencePiece:
    case VocabularyType.unigram:
    case VocabularyType.plamo:
      return (token, attributes) => decodeSentencePiece(model.getTokenString(token), attributes);
    default:
      return (token) => Buffer.from(model.detokenize(Uint32Array.of(token), false));
  }
}

/** SentencePiece writes a space as U+2581 and a single byte as `<0xE2>`. */
function decodeSentencePiece(text: string, attributes: number): Buffer {
  if ((attributes & Attribute.byte) !== 0) return Buffer.of(Number.parseInt(text.slice(3, 5), 16));
  return Buffer.from(text.replaceAll('\u2581', ' '));
}

function decodeByteLevel(text: string, alphabet: ReadonlyMap<string, number>): Buffer {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = alphabet.get(character);
    if (byte === undefined) bytes.push(...Buffer.from(character));
    else bytes.push(byte);
  }
  return Buffer.from(bytes);
}

/** The alphabet of GPT-2: printable bytes are themselves, the other 68 follow from U+0100 on, in order. */
function createByteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    alphabet.set(String.fromCodePoint(isPrintable ? byte : next++), byte);
  }
  return alphabet;
}
