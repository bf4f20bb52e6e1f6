/** The limits of schemas and of the grammars that they become: reading one must not hold up everybody's answers. */

/** The longest schema, in characters of JSON. */
export const SCHEMA_CHARACTERS_MAX = 131_072;

/** How deep a schema may lie in others, `$ref` followed. */
export const SCHEMA_DEPTH_MAX = 64;

/** The most alternatives that `anyOf`, `oneOf`, `allOf` and `$ref` may come to, once they are multiplied out. */
export const ALTERNATIVES_MAX = 256;

/** How many schemas are looked at while those of a grammar are multiplied out, each as often as it is referred to. */
export const EXPANSIONS_MAX = 20_000;

/** The most rules of a grammar. */
export const RULES_MAX = 8192;

/** The longest grammar, in characters. */
export const GRAMMAR_CHARACTERS_MAX = 1_048_576;

/** The most ways into a grammar from one of its rules: llama.cpp walks all of them when it looks for left recursion. */
export const LEFT_PATHS_MAX = 100_000;

/** The longest text that can be asked for by `minLength`, and the most items by `minItems`. */
export const REPETITIONS_MAX = 1_000_000;

/** The most states of the automaton of a `pattern`, a `format` or the names that `additionalProperties` leaves. */
export const AUTOMATON_STATES_MAX = 2000;

/**
 * How many states of machines are looked at while the patterns of a grammar become automata: about half a second's work.
 */
export const PATTERN_STEPS_MAX = 1_000_000;

/** The longest `pattern`, in characters. */
export const PATTERN_CHARACTERS_MAX = 1000;

/** The most values of an `enum`. */
export const ENUM_VALUES_MAX = 1000;

/** The most calls that a model can make in one answer. */
export const PARALLEL_CALLS_MAX = 16;
