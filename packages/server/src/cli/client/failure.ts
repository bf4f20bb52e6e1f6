/** How the errors of the toolkit end a command: the exit code of each, and what a person can do about it. */
import { KitError, type KitErrorCode } from '@plumb/client';
import { CliError, ExitCode } from '../exit-code.js';

const EXIT_CODES: Readonly<Record<KitErrorCode, number>> = {
  invalid_input: ExitCode.usage,
  invalid_request: ExitCode.failed,
  authentication: ExitCode.authentication,
  insufficient_balance: ExitCode.balance,
  rate_limited: ExitCode.rateLimited,
  breaker_open: ExitCode.server,
  server_error: ExitCode.server,
  connection: ExitCode.server,
  timeout: ExitCode.server,
  stream_interrupted: ExitCode.server,
  invalid_answer: ExitCode.server,
  invalid_output: ExitCode.incomplete,
  incomplete_output: ExitCode.incomplete,
  loop_limit: ExitCode.failed,
  tool_failed: ExitCode.failed,
};

/** Whether a word of an error is one of the toolkit's codes. */
export function isKitErrorCode(code: unknown): code is KitErrorCode {
  return typeof code === 'string' && Object.hasOwn(EXIT_CODES, code);
}

const ADVICE: Partial<Readonly<Record<KitErrorCode, string>>> = {
  authentication: 'See which key is sent: plumb keys test',
  insufficient_balance: 'See what is left: plumb balance',
  connection: 'Is it running, and is this its address?',
  server_error: 'If it goes on, send the provider what this prints: plumb report',
};

/** An error of the toolkit as the end of a command; anything else as it is. */
export function withExitCode(error: unknown): unknown {
  if (!KitError.is(error)) return error;
  return new CliError(describeFailure(error), EXIT_CODES[error.code], { cause: error });
}

/** What happened, with the status and the id for the provider, and what to do. */
export function describeFailure({ code, message, status, requestId }: KitError): string {
  const facts = [
    ...(status === undefined ? [] : [`status ${status}`]),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
  ];
  const advice = ADVICE[code] === undefined ? '' : ` ${ADVICE[code]}`;
  return `${toSentence(message)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}${advice}`;
}

/** Endpoints write their words with and without a full stop. */
export function toSentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
