/** Where our own server deviates on purpose, as the guide says as well. */

/** From DeepSeek to the word, with the default configuration: extensions, and errors of one form. */
export const FROM_STRICT = [
  'auth/words-missing-key',
  'errors/words-json-schema',
  'errors/bare-json',
  'errors/bare-content-type',
  'errors/bare-path',
  'errors/completions-outside-beta',
  'reasoning/not-sent-back',
  'reasoning/forced-call',
] as const;

/** From OpenAI, because the answer is DeepSeek's; its clients live with it. */
export const FROM_OPENAI = ['models/created', 'request/developer', 'stream/usage-unasked'] as const;
