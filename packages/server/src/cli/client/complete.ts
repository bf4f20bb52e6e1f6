/** `plumb complete`: continues a text, or fills the gap before another one. */

import { KitError } from '@plumb/client';
import type { CompletionRequest } from '@plumb/wire';
import { Command } from 'commander';
import { CliError, ExitCode } from '../exit-code.js';
import { withExample } from '../help.js';
import { printJson } from '../print.js';
import { AnswerPrinter, checkWhole, sayUsage } from './answer-printer.js';
import { completionUrls } from './base-url.js';
import { finishReasonOf } from './chat.js';
import { type AnswerOptions, streamFields } from './chat-request.js';
import type { Patience } from './connect.js';
import type { ClientContext } from './context.js';
import { withExitCode } from './failure.js';
import { collect, type EndpointFlags, readCount, readNumber, withEndpointFlags, withModelFlag } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { readPipe } from './read-prompt.js';
import { type Generation, generate, generateWhole, openSession, type Session } from './session.js';

interface CompleteFlags extends EndpointFlags, AnswerOptions, Patience {
  readonly suffix?: string;
  readonly stop?: readonly string[];
  readonly json?: true;
}

export function completeCommand(context: ClientContext): Command {
  const complete = new Command('complete')
    .summary('Continue a text, or fill a gap in it.')
    .description('Continue a text. With a suffix, write what belongs between the two.')
    .argument('[text]', 'what to continue; without it, what is piped in');
  withModelFlag(complete)
    .option('--suffix <text>', 'what comes after the gap; not every model can fill one')
    .option('-t, --temperature <number>', 'how freely tokens are chosen, 0 to 2', readNumber(0, 2))
    .option('--max-tokens <count>', 'the most tokens that are written', readCount)
    .option('--stop <text>', 'a text that ends it; can be given again', collect)
    .option('--show-usage', 'say on stderr what the answer used')
    .option('--deadline <seconds>', 'give up when it has not begun by then (default: 600)', readCount)
    .option('--no-stream', 'show the text when it is whole')
    .option('--json', 'print the whole answer of the API as one line of JSON');
  withExample(
    withEndpointFlags(complete),
    'plumb complete "The three primary colours are" --max-tokens 20',
    "plumb complete 'def add(a, b):' --suffix 'print(add(1, 2))'",
    'head -50 story.txt | plumb complete',
  );
  return complete.action((text: string | undefined, flags: CompleteFlags) =>
    untilInterrupted((signal) => runComplete(text, flags, context, signal)).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

async function runComplete(
  text: string | undefined,
  flags: CompleteFlags,
  context: ClientContext,
  signal: AbortSignal,
): Promise<void> {
  const prompt = text ?? (flags.apiKeyStdin ? '' : await readPipe(context.stdin));
  if (prompt === '') throw new CliError('There is nothing to continue: give a text, or pipe one in.', ExitCode.usage);
  const session = await openSession('complete', flags, context, signal);
  await atEitherPlace(session, completionRequest(session, prompt, flags), (generation) =>
    flags.json ? printWhole(session, generation, flags, signal) : printText(session, generation, flags, signal),
  );
}

function completionRequest({ model }: Session, prompt: string, flags: CompleteFlags): Omit<Generation, 'url'> {
  const { suffix, stop, temperature, maxTokens } = flags;
  const body: CompletionRequest = {
    model,
    prompt,
    ...(suffix === undefined ? {} : { suffix }),
    ...(stop === undefined ? {} : { stop: [...stop] }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...streamFields({ ...flags, stream: flags.stream && !flags.json }),
  };
  return { body, prompts: [prompt, suffix ?? ''] };
}

/** Asks at the first place, and at the second one when there is nothing at the first. */
async function atEitherPlace(
  { endpoint }: Session,
  generation: Omit<Generation, 'url'>,
  ask: (generation: Generation) => Promise<void>,
): Promise<void> {
  const [first, second] = completionUrls(endpoint.baseUrl);
  try {
    await ask({ ...generation, url: first });
  } catch (error) {
    if (!KitError.is(error) || error.status !== 404) throw error;
    await ask({ ...generation, url: second });
  }
}

async function printText(
  session: Session,
  generation: Generation,
  flags: CompleteFlags,
  signal: AbortSignal,
): Promise<void> {
  const { context } = session;
  const printer = new AnswerPrinter(context, { endsLine: false });
  const startedAt = context.clock.now();
  const end = await generate(session, generation, (piece) => printer.show(piece), signal).finally(() => printer.end());
  if (flags.showUsage) sayUsage(context, end.usage, context.clock.now() - startedAt);
  checkEnd(end.finishReason, flags);
}

async function printWhole(
  session: Session,
  generation: Generation,
  flags: CompleteFlags,
  signal: AbortSignal,
): Promise<void> {
  const answer = await generateWhole(session, generation, signal);
  printJson(answer);
  checkEnd(finishReasonOf(answer), flags);
}

/** Where a length was asked for, a text of that length is whole. */
function checkEnd(finishReason: string, { maxTokens }: CompleteFlags): void {
  if (finishReason !== 'length' || maxTokens === undefined) checkWhole({ finishReason });
}
