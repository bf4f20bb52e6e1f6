/** The conversation of `plumb chat` on a terminal: questions are typed, answers stream, and what was said stays known. */
import { KitError } from '@plumb/client';
import type { Message } from '@plumb/wire';
import { colorsFor } from '../colors.js';
import { CliError } from '../exit-code.js';
import { AnswerPrinter, checkWhole, sayUsage } from './answer-printer.js';
import { type AnswerOptions, chatRequest, systemMessage } from './chat-request.js';
import { say } from './context.js';
import { describeFailure } from './failure.js';
import { Interrupted, untilInterrupted } from './interrupt.js';
import { LinePrompt } from './line-prompt.js';
import { generate, type Session } from './session.js';

export interface ConversationOptions extends AnswerOptions {
  readonly system?: string;
  readonly showReasoning?: boolean;
}

const HELP = `/clear            forget what was said so far
/model [id]       show the model, or go on with another one
/system [text]    show the instructions, or give others; "/system none" takes them away
/help             show this
/exit             end; so does Ctrl-D
"""               begin and end a question of several lines

Ctrl-C stops an answer; what has come of it stays known.`;

/** Talks until the user ends it. */
export async function converse(session: Session, options: ConversationOptions): Promise<void> {
  const prompt = new LinePrompt(session.context);
  say(session.context, `${session.model} at ${session.endpoint.baseUrl}. /help shows what there is, Ctrl-D ends.`);
  try {
    const conversation = new Conversation(session, options, prompt);
    for (let line = await prompt.ask(); line !== undefined; line = await prompt.ask()) {
      if (!(await conversation.take(line))) return;
    }
  } finally {
    prompt.close();
  }
}

class Conversation {
  #session: Session;
  readonly #options: ConversationOptions;
  readonly #prompt: LinePrompt;
  #system: string | undefined;
  /** What was said, without the instructions. */
  #messages: Message[] = [];

  constructor(session: Session, options: ConversationOptions, prompt: LinePrompt) {
    this.#session = session;
    this.#options = options;
    this.#prompt = prompt;
    this.#system = options.system;
  }

  /** Does what a line says; returns whether the conversation goes on. */
  async take(line: string): Promise<boolean> {
    const text = line.trim();
    if (text === '') return true;
    if (!text.startsWith('/')) {
      await this.#answer(text);
      return true;
    }
    const [word = '', ...rest] = text.split(/\s+/);
    return this.#command(word, rest.join(' '));
  }

  #command(word: string, rest: string): boolean {
    if (word === '/exit' || word === '/bye' || word === '/quit') return false;
    if (word === '/clear') this.#clear();
    else if (word === '/model') this.#useModel(rest);
    else if (word === '/system') this.#useSystem(rest);
    else this.#say(word === '/help' ? HELP : `There is no ${word}. /help shows what there is.`);
    return true;
  }

  #clear(): void {
    this.#messages = [];
    this.#say('Forgotten.');
  }

  #useModel(id: string): void {
    if (id !== '') this.#session = { ...this.#session, model: id };
    this.#say(`The model is ${this.#session.model}.`);
  }

  #useSystem(text: string): void {
    if (text !== '') this.#system = text === 'none' ? undefined : text;
    this.#say(this.#system === undefined ? 'There are no instructions.' : `The instructions are: ${this.#system}`);
  }

  /** Asks; a question without an answer is forgotten, so that it can be asked again. */
  async #answer(question: string): Promise<void> {
    this.#messages.push({ role: 'user', content: question });
    const answer = await this.#prompt.whileAway(() => untilInterrupted((signal) => this.#show(signal)));
    if (answer === '') this.#messages.pop();
    else this.#messages.push({ role: 'assistant', content: answer });
  }

  /** Shows an answer and resolves with what has come of it; failures are said, and the conversation goes on. */
  async #show(signal: AbortSignal): Promise<string> {
    const { context } = this.#session;
    const printer = new AnswerPrinter(context, { showReasoning: this.#options.showReasoning, endsLine: true });
    const messages = [...systemMessage(this.#system), ...this.#messages];
    const startedAt = context.clock.now();
    let answer = '';
    try {
      const request = chatRequest(this.#session, messages, this.#options);
      const end = await generate(
        this.#session,
        request,
        (piece) => {
          if (piece.kind === 'content') answer += piece.text;
          return printer.show(piece);
        },
        signal,
      ).finally(() => printer.end());
      if (this.#options.showUsage) sayUsage(context, end.usage, context.clock.now() - startedAt);
      checkWhole(end);
    } catch (error) {
      this.#say(describe(error));
    }
    return answer;
  }

  #say(text: string): void {
    const { context } = this.#session;
    say(context, colorsFor(context.stderr, context.environment).dim(text));
  }
}

/** What is said of a failure. A fault of our own is thrown on. */
function describe(error: unknown): string {
  if (error instanceof Interrupted) return 'Stopped.';
  if (KitError.is(error)) return describeFailure(error);
  if (error instanceof CliError) return error.message;
  throw error;
}
