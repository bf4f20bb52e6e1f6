/**
 * Where a request meets its fault: once it is known to be a good one, and before anything is taken for it. What goes wrong
 * before the answer goes wrong here; what goes wrong in it is put between the engine, the answer and the client.
 */
import type { Outgoing } from '../http/exchange.js';
import type { AuthenticatedContext } from '../http/handler.js';
import { openBody } from '../inference/body.js';
import type { Work } from '../inference/work.js';
import { FAULT_PATHS, type FaultForm } from './fault-settings.js';
import type { DrawnFault } from './faults.js';
import { breakGeneration } from './generation/break-generation.js';
import { openOutlet } from './outlet/open-outlet.js';
import { Patience } from './patience.js';
import { FAULT_HEADER } from './read-fault-header.js';
import { type FaultStatus, writeRefusal } from './refusals.js';
import type { RequestFacts } from './rule.js';

/** Between keep-alives, where a rule does not say. */
const INTERVAL_S = 1;

/** What a request goes on with that has met its fault. */
export interface Met {
  readonly work: Work;
  readonly outgoing: Outgoing;
}

/** What the rules look at of a request. */
export function readFacts({ exchange, caller }: AuthenticatedContext, work: Work): RequestFacts {
  const { model, userId, isStreamed } = work;
  const path = FAULT_PATHS.find((known) => exchange.path.endsWith(known)) ?? '/chat/completions';
  return { account: caller.account, key: caller.key, model, userId, isStreamed, path };
}

/**
 * Resolves with what to go on with. Rejects with the error that is injected, of which the client may have been told
 * already, and with a ClientLeftError when the client does not wait.
 */
export async function meetFault({ rule, form }: DrawnFault, context: AuthenticatedContext, work: Work): Promise<Met> {
  const { exchange, record, platform } = context;
  exchange.setHeaders({ [FAULT_HEADER]: rule });
  record.fault = rule;
  platform.metrics.faultInjected(rule);
  const { timers, timeScale } = platform.faults;
  const retryAfterMs = form.retry_after_s === undefined ? undefined : (form.retry_after_s * 1000) / timeScale;
  const patience = new Patience(exchange, timers);
  if (form.delay_s !== undefined) await patience.wait(form.delay_s);
  const refuse = (status: FaultStatus) => writeRefusal(status, describeRefused(context, work), rule, retryAfterMs);
  const body = openBody(exchange, work.isStreamed, work.form);
  switch (form.fault) {
    case 'status':
      throw refuse(form.status ?? 503);
    case 'silence':
      await keepAlive(body, form, patience);
      break;
    case 'blank_lines':
      await keepAlive(body, form, patience);
      exchange.end();
      throw refuse(503);
    case 'error_in_200': {
      const error = refuse(form.status ?? 503);
      body.keepAlive();
      body.fail(error);
      throw error;
    }
  }
  return {
    work: breakGeneration(form, work, exchange, refuse),
    outgoing: openOutlet(form, exchange, timers),
  };
}

function describeRefused({ caller, platform }: AuthenticatedContext, { model }: Work) {
  return { lastFour: caller.key.lastFour, model, bodyLimitBytes: platform.config.http.body_limit_bytes };
}

/** Sends a keep-alive at once, and one more whenever an interval has passed, until the time is over. */
async function keepAlive(
  body: { keepAlive(): void },
  { duration_s = 0, interval_s = INTERVAL_S }: FaultForm,
  patience: Patience,
): Promise<void> {
  body.keepAlive();
  for (let left = duration_s; left > 0; left -= interval_s) {
    await patience.wait(Math.min(left, interval_s));
    body.keepAlive();
  }
}
