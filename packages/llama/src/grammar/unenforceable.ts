/** What a grammar cannot hold a model to. */

/** Thrown for a schema that no grammar of ours enforces. The message completes "the schema at … ". */
export class Unenforceable extends Error {}
