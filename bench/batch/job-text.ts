/** Jobs as prompts: the engine is told in them how long to work and what to count. */

export interface BatchJob {
  readonly id: string;
  /** When it is there to be sent, in ms from the beginning. */
  readonly at: number;
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly answerTokensMax?: number;
  readonly durationMs: number;
}

/** What is usual in English. */
const CHARACTERS_PER_TOKEN = 4;
const FILLER = 'the quick brown fox jumps over the lazy dog and runs along the river until night ';

/** A prompt of about as many characters as its tokens have. */
export function writePrompt(job: BatchJob): string {
  const head = `${JSON.stringify(job)}\n`;
  const missing = Math.max(0, job.promptTokens * CHARACTERS_PER_TOKEN - head.length);
  return head + FILLER.repeat(Math.ceil(missing / FILLER.length)).slice(0, missing);
}

export function readPrompt(text: string): BatchJob {
  return JSON.parse(text.slice(0, text.indexOf('\n'))) as BatchJob;
}
