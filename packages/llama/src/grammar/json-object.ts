/** The grammar of `response_format: {"type": "json_object"}`: any JSON object. */
import { Grammar } from './grammar.js';
import { compileSchema } from './schema/schema-compiler.js';
import { writeGbnf } from './write-gbnf.js';

export const ANY_OBJECT = { type: 'object' } as const;

/** Writes it; the same text every time. */
export function writeJsonObjectGrammar(): string {
  const grammar = new Grammar();
  return writeGbnf(grammar, compileSchema(ANY_OBJECT, { grammar, isStrict: true }));
}
