/** `plumb chat`: asks a model from the command line, from a pipe, or in a conversation on the terminal. */

import type { Message } from '@plumb/wire';
import { Command } from 'commander';
import { CliError, ExitCode } from '../exit-code.js';
import { withExample } from '../help.js';
import { printJson } from '../print.js';
import { AnswerPrinter, checkWhole, sayUsage } from './answer-printer.js';
import { type AnswerOptions, chatRequest, systemMessage } from './chat-request.js';
import type { Patience } from './connect.js';
import type { ClientContext } from './context.js';
import { converse } from './conversation.js';
import { withExitCode } from './failure.js';
import { collect, type EndpointFlags, readCount, readNumber, withEndpointFlags, withModelFlag } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { readPrompt } from './read-prompt.js';
import { generate, generateWhole, openSession, type Session } from './session.js';

interface ChatFlags extends EndpointFlags, AnswerOptions, Patience {
  readonly system?: string;
  readonly file?: readonly string[];
  readonly json?: true;
  readonly showReasoning?: boolean;
}

/** The highest temperature of the contract. */
const TEMPERATURE_MAX = 2;

export function chatCommand(context: ClientContext): Command {
  const chat = new Command('chat')
    .summary('Ask a model, or talk with it.')
    .description('Ask a model. Files, what is piped in and the words make one prompt; without any, talk with it.')
    .argument('[prompt...]', 'what to ask');
  withModelFlag(chat)
    .option('-s, --system <text>', 'instructions to the model')
    .option('-f, --file <file>', 'a text that goes before the prompt; can be given again', collect)
    .option('-t, --temperature <number>', 'how freely tokens are chosen, 0 to 2', readNumber(0, TEMPERATURE_MAX))
    .option('--max-tokens <count>', 'the most tokens of reasoning and answer together', readCount)
    .option('--thinking', 'let the model think first')
    .option('--no-thinking', 'let it answer at once')
    .option('--show-reasoning', 'show what it thinks on stderr, also where that is no terminal')
    .option('--no-show-reasoning', 'do not show what it thinks')
    .option('--show-usage', 'say on stderr what the answer used')
    .option('--deadline <seconds>', 'give up when the answer has not begun by then (default: 600)', readCount)
    .option('--no-stream', 'show the answer when it is whole')
    .option('--json', 'print the whole answer of the API as one line of JSON');
  withExample(
    withEndpointFlags(chat),
    'plumb chat "Why is the sky blue?"',
    'git diff | plumb chat -s "You review code." "What could go wrong here?"',
    'plumb chat',
  );
  return chat.action((words: string[], flags: ChatFlags) =>
    runChat(words, flags, context).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

/** A conversation takes Ctrl-C for itself. */
async function runChat(words: string[], flags: ChatFlags, context: ClientContext): Promise<void> {
  const session = await untilInterrupted((signal) => askOnce(words, flags, context, signal));
  if (session !== undefined) await converse(session, flags);
}

/** Asks what there is to ask; resolves with the session of a conversation when there is nothing, but somebody. */
async function askOnce(
  words: string[],
  flags: ChatFlags,
  context: ClientContext,
  signal: AbortSignal,
): Promise<Session | undefined> {
  const { stdin, stdout } = context;
  const isStdinTaken = flags.apiKeyStdin === true;
  const prompt = await readPrompt({ words, files: flags.file ?? [], stdin, isStdinTaken });
  const isTalk = prompt === '' && stdin.isTTY === true && stdout.isTTY === true && !flags.json;
  if (prompt === '' && !isTalk) throw new CliError('There is nothing to ask: give a prompt.', ExitCode.usage);
  const session = await openSession('chat', flags, context, signal);
  if (isTalk) return session;
  const messages: Message[] = [...systemMessage(flags.system), { role: 'user', content: prompt }];
  await (flags.json ? printWhole(session, messages, flags, signal) : printAnswer(session, messages, flags, signal));
  return undefined;
}

async function printAnswer(
  session: Session,
  messages: readonly Message[],
  flags: ChatFlags,
  signal: AbortSignal,
): Promise<void> {
  const { context } = session;
  const printer = new AnswerPrinter(context, { showReasoning: flags.showReasoning, endsLine: true });
  const startedAt = context.clock.now();
  const request = chatRequest(session, messages, flags);
  const end = await generate(session, request, (piece) => printer.show(piece), signal).finally(() => printer.end());
  if (flags.showUsage) sayUsage(context, end.usage, context.clock.now() - startedAt);
  checkWhole(end);
}

async function printWhole(
  session: Session,
  messages: readonly Message[],
  flags: ChatFlags,
  signal: AbortSignal,
): Promise<void> {
  const answer = await generateWhole(session, chatRequest(session, messages, { ...flags, stream: false }), signal);
  printJson(answer);
  checkWhole({ finishReason: finishReasonOf(answer) });
}

/** Why a whole answer ended; `stop` where it does not say. */
export function finishReasonOf({ choices }: Record<string, unknown>): string {
  const [first] = Array.isArray(choices) ? (choices as readonly { finish_reason?: unknown }[]) : [];
  return typeof first?.finish_reason === 'string' ? first.finish_reason : 'stop';
}
