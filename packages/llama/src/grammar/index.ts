/** `@plumb/llama/grammar`: grammars of JSON Schemas, for whoever writes values of them without a model. */
export { Grammar, ROOT } from './grammar.js';
export type { Node, Range } from './node.js';
export { pruneGrammar } from './prune-grammar.js';
export { isSchema, type Schema } from './schema/schema.js';
export { compileSchema } from './schema/schema-compiler.js';
export { Unenforceable } from './unenforceable.js';
export { anyCharacter } from './write/json-text.js';
