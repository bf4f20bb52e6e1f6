/** Jobs as prompts: the engine is told in them how long to work and what to count. */

export interface BatchJob {
  readonly id: string;
  /** When it is there to be sent, in ms from the beginning. */
  readonly at: number;
  readonly promptTokens: number;
  /** The length of its prompt. */
  readonly textCharacters: number;
  readonly answerTokens: number;
  readonly answerTokensMax?: number;
  readonly durationMs: number;
}

/** What is usual in English. */
const CHARACTERS_PER_TOKEN = 4.7;
const PROSE =
  'A mill stands where the brook leaves the wood, and its wheel has turned since before anyone in the village was born. ' +
  'In spring the water is high and brown; the miller opens the second gate and sleeps badly. By August he waits for rain, ' +
  'grinds at night when the dew feeds the springs, and tells customers from the next valley to come again on Thursday. ' +
  'Nobody remembers who built the weir, though two families claim it, and a map of 1782 shows it twenty metres upstream. ';

/** A prompt of about as many tokens as the job says. */
export function writePrompt(job: BatchJob): string {
  const head = `${JSON.stringify(job)}\n`;
  const missing = Math.max(0, job.textCharacters - head.length);
  return head + PROSE.repeat(Math.ceil(missing / PROSE.length)).slice(0, missing);
}

/** The job with the tokens that its prompt really has. */
export function countPrompt(job: Omit<BatchJob, 'textCharacters'>, count: (prompt: string) => number): BatchJob {
  const drafted = { ...job, textCharacters: Math.round(job.promptTokens * CHARACTERS_PER_TOKEN) };
  return { ...drafted, promptTokens: count(writePrompt(drafted)) };
}

export function readPrompt(text: string): BatchJob {
  return JSON.parse(text.slice(0, text.indexOf('\n'))) as BatchJob;
}
