/** `plumb check`: whether an endpoint keeps the contract that it says it speaks. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { type CheckCase, PROFILES, type Profile } from '../../check/case.js';
import { ALL_CASES } from '../../check/cases/all.js';
import { chooseCases, unknownNames } from '../../check/choose.js';
import { renderJunit } from '../../check/report/render-junit.js';
import { renderList } from '../../check/report/render-list.js';
import { renderMarkdown } from '../../check/report/render-markdown.js';
import { renderText } from '../../check/report/render-text.js';
import type { Report } from '../../check/report/report.js';
import { runCases } from '../../check/run.js';
import { EndpointClosed, Session } from '../../check/session.js';
import { colorsFor } from '../colors.js';
import { CliError, ExitCode } from '../exit-code.js';
import { withExample } from '../help.js';
import { print } from '../print.js';
import { readList } from '../read-options.js';
import { readSubject } from './check-subject.js';
import type { ClientContext } from './context.js';
import { type EndpointFlags, readCount, readNumber, withEndpointFlags, withModelFlag } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { resolveEndpoint } from './resolve-endpoint.js';

interface CheckFlags extends EndpointFlags {
  readonly profile?: Profile;
  readonly deep?: true;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly list?: true;
  readonly json?: true;
  readonly junit?: string;
  readonly markdown?: string;
  readonly timeout: number;
  readonly concurrency: number;
}

/** How long each request may take without --timeout, in seconds. */
const TIMEOUT_S = 60;
/** How many cases run at the same time without --concurrency: an endpoint in use must not feel it. */
const CONCURRENCY = 2;

export function checkCommand(context: ClientContext): Command {
  const check = new Command('check')
    .summary('Check whether an endpoint keeps the contract.')
    .description(
      'Check rule by rule whether an endpoint keeps the contract of the OpenAI or the DeepSeek API. It changes nothing, ' +
        'and spends little unless --deep is given.',
    )
    .argument('[base-url]', 'the endpoint, as --base-url')
    .addOption(
      new Option('--profile <profile>', 'what it is held to (default: deepseek where it lists such models)').choices(
        PROFILES,
      ),
    )
    .option('--deep', 'run the cases that spend more tokens too')
    .option('--only <names>', 'only these groups and cases, such as stream,errors/method', readList)
    .option('--skip <names>', 'all but these groups and cases', readList)
    .option('--list', 'list the cases and ask nothing')
    .option('--json', 'print the report as one line of JSON')
    .option('--junit <file>', 'write the report as JUnit XML too')
    .option('--markdown <file>', 'write the report as a Markdown page too')
    .option('--timeout <seconds>', 'how long each request may take', readNumber(1, 3600), TIMEOUT_S)
    .option('--concurrency <count>', 'how many cases run at the same time', readCount, CONCURRENCY);
  withExample(
    withModelFlag(withEndpointFlags(check)),
    'plumb check http://127.0.0.1:8080/v1',
    'plumb check https://api.deepseek.com --profile deepseek-strict --deep',
  );
  return check.action((baseUrl: string | undefined, flags: CheckFlags) => {
    requireKnown([...(flags.only ?? []), ...(flags.skip ?? [])]);
    if (flags.list) return print(renderList(listCases(flags)));
    const endpoint = baseUrl === undefined ? flags : { ...flags, baseUrl };
    return untilInterrupted((signal) => checkEndpoint(endpoint, context, signal));
  });
}

function listCases({ profile, only, skip }: CheckFlags): readonly CheckCase[] {
  const perProfile = (each: Profile) => chooseCases({ profile: each, deep: true, only, skip }).cases;
  const chosen = new Set((profile === undefined ? PROFILES : [profile]).flatMap(perProfile));
  return ALL_CASES.filter((rule) => chosen.has(rule));
}

function requireKnown(words: readonly string[]): void {
  const [unknown] = unknownNames(words);
  if (unknown === undefined) return;
  throw new CliError(`There is no group or case ${unknown}; plumb check --list shows them.`, ExitCode.usage);
}

async function checkEndpoint(flags: CheckFlags, context: ClientContext, signal: AbortSignal): Promise<void> {
  const target = await resolveEndpoint(flags, context);
  const session = new Session({
    baseUrl: target.baseUrl,
    key: target.key.key,
    clock: context.clock,
    timeoutMs: flags.timeout * 1000,
    signal,
    nonce: randomUUID(),
  });
  try {
    const report = await makeReport(session, flags, target.model, context);
    await publish(report, flags, context);
  } catch (error) {
    if (error instanceof EndpointClosed) throw new CliError('The account has no money left.', ExitCode.balance);
    throw error;
  } finally {
    await session.close();
  }
}

async function makeReport(
  session: Session,
  flags: CheckFlags,
  wanted: string | undefined,
  context: ClientContext,
): Promise<Report> {
  const { only, skip } = flags;
  const begun = context.clock.now();
  const { model, profile } = await readSubject(session, { model: wanted, profile: flags.profile });
  const { cases, deepLeft } = chooseCases({ profile, deep: flags.deep === true, only, skip });
  const options = { profile, model, concurrency: flags.concurrency, onResult: showProgress(cases.length, context) };
  const results = await runCases(session, cases, options);
  return {
    endpoint: session.baseUrl,
    profile,
    model,
    at: new Date(begun).toISOString(),
    durationMs: Math.round(context.clock.now() - begun),
    spent: session.spent,
    deepLeft,
    results,
  };
}

/** One line that is rewritten on a terminal, and gone in the end. */
function showProgress(total: number, { stderr }: ClientContext) {
  return (_: unknown, done: number) => {
    if (stderr.isTTY) stderr.write(done === total ? '\r\u001b[K' : `\r${done} of ${total}\u001b[K`);
  };
}

/** Rejects with exit code 1 when a case failed. */
async function publish(report: Report, flags: CheckFlags, context: ClientContext): Promise<void> {
  const { redactor, stdout, environment } = context;
  const write = (file: string | undefined, text: string) =>
    file === undefined ? undefined : writeReport(file, redactor.redact(text));
  await write(flags.junit, renderJunit(report));
  await write(flags.markdown, renderMarkdown(report));
  const text = flags.json ? JSON.stringify(report) : renderText(report, colorsFor(stdout, environment));
  print(redactor.redact(text));
  const failed = report.results.filter(({ outcome }) => outcome === 'fail').length;
  if (failed === 0) return;
  throw new CliError(`${failed} ${failed === 1 ? 'case' : 'cases'} failed.`, ExitCode.failed);
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CliError(`${file} cannot be written: ${(error as Error).message}`, ExitCode.usage, { cause: error });
  }
}
