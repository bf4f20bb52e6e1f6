/** The numbers of the chat contract, named once, so that schemas, checks and messages cannot disagree. */

/** The most tokens of one completion, reasoning and answer together. */
export const MAX_COMPLETION_TOKENS = 393_216;

/** The highest `temperature`; the lowest is 0. */
export const MAX_TEMPERATURE = 2;

/** The highest `top_p`; it must be above 0. */
export const MAX_TOP_P = 1;

/** The most alternatives of one token that `top_logprobs` can ask for. */
export const MAX_TOP_LOGPROBS = 20;

/** `frequency_penalty` and `presence_penalty` lie between minus this and this. */
export const MAX_PENALTY = 2;

/** The most stop sequences of one request. */
export const MAX_STOP_SEQUENCES = 16;

/** The longest `user_id`, in characters. */
export const MAX_USER_ID_CHARACTERS = 512;

/** The longest function name, in characters. */
export const MAX_TOOL_NAME_CHARACTERS = 128;

/**
 * The most tools of one request. The API documented 128 and has since dropped the number; clients that gather the tools
 * of several servers send hundreds, while every tool costs prompt tokens and, in strict use, a grammar.
 */
export const MAX_TOOLS = 1024;

/** The longest http(s) address of an image, in characters; longer content is sent as a data URL. */
export const MAX_IMAGE_URL_CHARACTERS = 8192;

/** The most tokens of one text completion. */
export const MAX_INFILL_TOKENS = 4096;

/** The most inputs of one request for embeddings, as of the OpenAI API. */
export const MAX_EMBEDDING_INPUTS = 2048;
