/** Asks llama.cpp whether a text is of a grammar, without any model. */
import { getLlama, LlamaGrammar, LlamaLogLevel } from 'node-llama-cpp';
import { Grammar } from '#llama/grammar/grammar.js';
import type { Schema } from '#llama/grammar/schema/schema.js';
import { compileSchema } from '#llama/grammar/schema/schema-compiler.js';
import { writeGbnf } from '#llama/grammar/write-gbnf.js';

/** Tells for a text whether it is a whole text of the grammar. */
export type Matcher = (text: string) => boolean;

/** The grammar of a schema. Throws what the compiler throws. */
export function grammarOf(schema: object | boolean, isStrict = true): string {
  const grammar = new Grammar();
  return writeGbnf(grammar, compileSchema(schema as Schema, { grammar, isStrict }));
}

/** Opens llama.cpp; what it returns makes matchers of grammars. */
export async function openMatchers(): Promise<(gbnf: string) => Matcher> {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.error });
  return (gbnf) => {
    const grammar = new LlamaGrammar(llama, { grammar: gbnf, stopGenerationTriggers: [] });
    return (text) => (grammar as unknown as { _testText(text: string): boolean })._testText(text);
  };
}
