/**
 * The journal of what an endpoint failed at: one line of JSON for each failure, in a file of its own for the user alone,
 * which `plumb report` reads. It has no prompts, no answers and no keys, and never grows beyond a megabyte.
 */
import { appendFile, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KitError, type KitErrorCode } from '@plumb/client';
import type { ClientContext } from './context.js';
import { makePrivateFolder, PRIVATE_MODE, writePrivateFile } from './private-file.js';
import { stateFolder } from './user-folders.js';

export interface Incident {
  /** When it had failed, in ISO 8601. */
  readonly at: string;
  /** What failed, such as `chat`. */
  readonly command: string;
  readonly endpoint: string;
  readonly model: string;
  readonly code: KitErrorCode;
  /** What the endpoint said, shortened; null where it repeats the prompt. */
  readonly reason: string | null;
  readonly attempts: readonly IncidentAttempt[];
}

export interface IncidentAttempt {
  readonly at: string;
  readonly durationMs: number;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly requestId: string | null;
}

/** What is done, for the journal. */
export interface Undertaking {
  readonly command: string;
  readonly endpoint: string;
  readonly model: string;
  /** Texts that must not get into the journal. */
  readonly prompts: readonly string[];
}

const JOURNAL_BYTES_MAX = 1_000_000;
const REASON_CHARACTERS_MAX = 300;
/** Of more attempts, the last ones are kept. */
const ATTEMPTS_MAX = 20;
/** So many characters in a row that are also in a prompt are no coincidence. */
const REPEATED_CHARACTERS = 16;

/** What a provider can do something about. A bad request, a bad key and an empty account are the user's own affair. */
const PROVIDERS_AFFAIR: ReadonlySet<KitErrorCode> = new Set([
  'rate_limited',
  'breaker_open',
  'server_error',
  'connection',
  'timeout',
  'stream_interrupted',
  'invalid_answer',
]);

/** Where the journal is. */
export function journalPath(environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(environment), 'incidents.ndjson');
}

/** Does the work, and writes down how the endpoint failed at it. */
export async function withJournal<Result>(
  context: ClientContext,
  undertaking: Undertaking,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (KitError.is(error) && PROVIDERS_AFFAIR.has(error.code)) await record(context, undertaking, error);
    throw error;
  }
}

/** All incidents of the journal, oldest first. Lines that are damaged are passed over. */
export async function readIncidents(environment: NodeJS.ProcessEnv): Promise<Incident[]> {
  const text = await readFile(journalPath(environment), 'utf8').catch(() => '');
  return text.split('\n').flatMap(parseIncident);
}

/** A disk that is full must not hide the failure itself, so what goes wrong here is passed over. */
async function record(context: ClientContext, undertaking: Undertaking, error: KitError): Promise<void> {
  const { environment, clock, redactor } = context;
  const { prompts, ...where } = undertaking;
  const reason = repeatsPrompt(error.message, prompts) ? null : error.message.slice(0, REASON_CHARACTERS_MAX);
  const incident: Incident = {
    at: new Date(clock.now()).toISOString(),
    ...where,
    code: error.code,
    reason,
    attempts: error.attempts.slice(-ATTEMPTS_MAX).map(describeAttempt),
  };
  await append(journalPath(environment), redactor.redact(JSON.stringify(incident))).catch(() => {});
}

function describeAttempt({ startedAt, durationMs, status, requestId }: KitError['attempts'][number]): IncidentAttempt {
  const at = new Date(startedAt).toISOString();
  return { at, durationMs, status: status ?? null, requestId: requestId ?? null };
}

/** Adds a line; when the file would be too large, the older half goes. */
async function append(path: string, line: string): Promise<void> {
  await makePrivateFolder(dirname(path));
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size + Buffer.byteLength(line) + 1 > JOURNAL_BYTES_MAX) await dropOlderHalf(path);
  await appendFile(path, `${line}\n`, { mode: PRIVATE_MODE });
}

async function dropOlderHalf(path: string): Promise<void> {
  const bytes = await readFile(path);
  const lineEnd = bytes.indexOf('\n', bytes.length - JOURNAL_BYTES_MAX / 2);
  await writePrivateFile(path, bytes.subarray(lineEnd + 1).toString());
}

function repeatsPrompt(reason: string, prompts: readonly string[]): boolean {
  const told = reason.slice(0, REASON_CHARACTERS_MAX);
  return prompts.some((prompt) =>
    prompt.length < REPEATED_CHARACTERS ? holdsWord(told, prompt) : sharesRun(told, prompt),
  );
}

/** Whether a short text is in another one, and not just as a part of its words. */
function holdsWord(text: string, word: string): boolean {
  const escaped = word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return word.trim() !== '' && new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u').test(text);
}

function sharesRun(text: string, prompt: string): boolean {
  for (let start = 0; start + REPEATED_CHARACTERS <= text.length; start++) {
    if (prompt.includes(text.slice(start, start + REPEATED_CHARACTERS))) return true;
  }
  return false;
}

function parseIncident(line: string): Incident[] {
  try {
    const incident = JSON.parse(line) as Incident;
    return typeof incident.at === 'string' && Array.isArray(incident.attempts) ? [incident] : [];
  } catch {
    return [];
  }
}
