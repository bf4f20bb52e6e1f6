/** Tests of a client in Python: its script runs once against all servers, and each test checks a part of what it saw. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pythonWith, type Requirements } from '../../support/python.js';
import { describeServers, type ScriptedServers, startScriptedServers } from './scripted-servers.js';

export interface PythonClient {
  readonly name: string;
  /** A file in `tests/foreign/python` that prints one JSON object. */
  readonly script: string;
  readonly requirements: Requirements;
}

/** A test by its name: what the script saw is given, and the servers that it talked to. */
export type ClientTests<Seen> = Record<string, (seen: Seen, servers: ScriptedServers) => void>;

/** Registers the tests; they are skipped by name where there is no Python with these packages. */
export function describePythonClient<Seen>(client: PythonClient, tests: ClientTests<Seen>): void {
  describe(client.name, () => {
    let servers: ScriptedServers | undefined;
    let outcome: { readonly seen: Seen } | { readonly reason: string };
    before(async () => {
      const python = await pythonWith(client.requirements);
      if (typeof python === 'string') {
        outcome = { reason: python };
        return;
      }
      servers = await startScriptedServers();
      const script = fileURLToPath(new URL(`../../../foreign/python/${client.script}`, import.meta.url));
      const printed = await python.run([script], { environment: { PLUMB_SERVERS: describeServers(servers) } });
      outcome = { seen: JSON.parse(printed) as Seen };
    });
    after(() => servers?.stop());
    for (const [name, check] of Object.entries(tests)) {
      test(name, (context) => ('reason' in outcome ? context.skip(outcome.reason) : check(outcome.seen, servers!)));
    }
  });
}

/** An error as `servers.py` reports it. */
export interface SeenError {
  readonly class: string;
  readonly status: number | null;
  readonly message: string;
  /** The class and those that it is made from, as `package.Class`. */
  readonly bases: readonly string[];
}

/** What `refusals` of `servers.py` reports. */
export interface SeenRefusals extends Record<RefusalName, SeenError | null> {
  /** The one request within the limit. */
  readonly within_limit: null;
}

type RefusalName = 'wrong_key' | 'wrong_model' | 'poor' | 'over_limit' | 'no_engine';

const REFUSED: Record<RefusalName, { status: number; message: RegExp }> = {
  wrong_key: { status: 401, message: /\*{4}0000 is invalid/ },
  wrong_model: { status: 400, message: /supported API model names are deepseek-chat, but you passed gpt-4o/ },
  poor: { status: 402, message: /Insufficient Balance/ },
  over_limit: { status: 429, message: /Rate limit reached for 1 requests per minute/ },
  no_engine: { status: 503, message: /Service is too busy/ },
};

/** Fails unless every refusal arrived as the class that is expected (`package.Class`), with our status and sentence. */
export function assertRefusals(seen: SeenRefusals, classes: Record<RefusalName, string>): void {
  assert.equal(seen.within_limit, null);
  for (const [name, expected] of Object.entries(REFUSED) as [RefusalName, (typeof REFUSED)[RefusalName]][]) {
    const error = seen[name];
    assert.ok(error !== null, `${name} raised nothing`);
    assert.equal(error.status, expected.status, name);
    assert.match(error.message, expected.message, name);
    assert.ok(error.bases.includes(classes[name]), `${name}: ${error.bases.join(', ')}`);
  }
}

/** The classes of the OpenAI SDK, which most clients hand on or build on. */
export const OPENAI_ERRORS: Record<RefusalName, string> = {
  wrong_key: 'openai.AuthenticationError',
  wrong_model: 'openai.BadRequestError',
  poor: 'openai.APIStatusError',
  over_limit: 'openai.RateLimitError',
  no_engine: 'openai.InternalServerError',
};
