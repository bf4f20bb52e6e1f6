/** Makes the endpoint that the commands talk through: the toolkit, which waits for limits and tries again. */
import { createKit, type Endpoint, type KitEvent } from '@plumb/client';
import { packageVersion } from '../../assemble/package-version.js';
import { colorsFor } from '../colors.js';
import { type ClientContext, say } from './context.js';
import { toSentence } from './failure.js';
import type { Target } from './resolve-endpoint.js';

/** How patient a command is. */
export interface Patience {
  /** How long a request may take until its answer begins, with all waits, in seconds. Default: that of the toolkit. */
  readonly deadline?: number;
}

/** A person asks one thing after the other: there is no traffic to keep from an endpoint that fails, and they would wait. */
const NO_BREAKER = { consecutiveFailures: Number.POSITIVE_INFINITY, samples: Number.POSITIVE_INFINITY };

/** The endpoint of a target. What it waits for is said on stderr. */
export function connect({ baseUrl, key }: Target, context: ClientContext, { deadline }: Patience = {}): Endpoint {
  const { dim } = colorsFor(context.stderr, context.environment);
  const kit = createKit({
    baseURL: baseUrl,
    apiKey: key.key,
    clock: context.clock,
    breaker: NO_BREAKER,
    ...(deadline === undefined ? {} : { retry: { deadlineMs: deadline * 1000 } }),
    onEvent(event) {
      const text = describeWait(event);
      if (text !== undefined) say(context, dim(text));
    },
  });
  const headers = () => ({ ...kit.headers(), 'user-agent': `plumb/${packageVersion()}` });
  return { baseUrl, headers, fetch: kit.fetch };
}

/** Undefined for what a person does not wait for. */
function describeWait(event: KitEvent): string | undefined {
  if (event.type === 'retry') return `${toSentence(event.attempt.reason)} Trying again in ${inSeconds(event.waitMs)}.`;
  if (event.type !== 'refused') return undefined;
  const { retryAfterMs, attempt } = event;
  return `${toSentence(attempt.reason)} Waiting${retryAfterMs === undefined ? '' : ` ${inSeconds(retryAfterMs)}`} for a place.`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
