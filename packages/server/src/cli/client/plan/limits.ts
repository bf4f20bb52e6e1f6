/** Which limits are planned with: flags, a tier of a configuration, or what the endpoint says about itself. */
import type { LimiterSnapshot, Limits, PriceSettings } from '@plumb/client';
import type { KnownTier } from '@plumb/client/plan';
import { type Tier, Tiers } from '../../../accounts/tier.js';
import type { Config } from '../../../config/settings.js';
import { CliError, ExitCode } from '../../exit-code.js';
import { readConfig } from '../../read-config.js';
import { connectBatch } from '../batch-connect.js';
import { type ClientContext, say } from '../context.js';
import type { EndpointFlags } from '../flags.js';
import { listModelIds } from '../list-models.js';
import { resolveEndpoint } from '../resolve-endpoint.js';
import { sendForJson } from '../send.js';
import type { Measured } from './measure.js';
import type { PlannedRequests } from './requests.js';

export interface LimitFlags {
  readonly tier?: string;
  readonly config?: string;
  readonly dataDir?: string;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrencyLimit?: number;
  readonly probe?: true;
}

export interface FoundLimits {
  readonly limits: Limits;
  /** Where they come from, for people. */
  readonly origin: string;
  /** The tiers that an account could have. */
  readonly tiers: readonly KnownTier[];
  /** Of the same configuration; undefined where it has none. */
  readonly prices: PriceSettings | undefined;
}

export interface LimitSources {
  readonly context: ClientContext;
  readonly measured: Measured | undefined;
  readonly signal: AbortSignal;
}

/** Single limits of flags win over those of a tier, those over what the endpoint says. Rejects with a CliError. */
export async function findLimits(
  requests: PlannedRequests,
  flags: LimitFlags & EndpointFlags,
  sources: LimitSources,
): Promise<FoundLimits> {
  const given = limitsOf(flags);
  const configured = await readTiers(flags, requests);
  const isKnown = configured?.own !== undefined || Object.keys(given).length > 0;
  const told = flags.probe ? await probe(requests, flags, sources) : isKnown ? undefined : sources.measured?.limits;
  const limits = { ...told, ...configured?.own?.limits, ...given };
  const origins = [
    ...(Object.keys(given).length > 0 ? ['as given'] : []),
    ...(configured?.own === undefined ? [] : [`tier ${configured.own.name}`]),
    ...(told === undefined ? [] : [Object.keys(told).length > 0 ? 'as the endpoint says' : 'the endpoint says none']),
  ];
  if (origins.length === 0)
    throw new CliError(
      'Say what the endpoint allows: --tier, --requests-per-minute, --tokens-per-minute, --concurrency-limit, or ' +
        'let it be asked with --probe.',
      ExitCode.usage,
    );
  return { limits, origin: origins.join(', '), tiers: configured?.tiers ?? [], prices: configured?.prices };
}

function limitsOf({ requestsPerMinute, tokensPerMinute, concurrencyLimit }: LimitFlags): Limits {
  return {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(concurrencyLimit !== undefined && { concurrency: concurrencyLimit }),
  };
}

/** Tiers as they are for the models of the requests; none where no configuration is named. */
async function readTiers({ tier, config: file, dataDir }: LimitFlags, { models }: PlannedRequests) {
  if (tier === undefined && file === undefined && dataDir === undefined) return undefined;
  const config = await readConfig({ config: file, dataDir });
  const [only, ...others] = new Set([...models.keys()].map((name) => canonicalId(name, config)));
  const model = others.length === 0 ? only : undefined;
  const tiers = new Tiers(config.tiers, config.default_tier).list().map((found) => toKnownTier(found, model));
  const own = tier === undefined ? undefined : tiers.find(({ name }) => name === tier);
  if (tier !== undefined && own === undefined)
    throw new CliError(
      `There is no tier "${tier}"; there are: ${tiers.map(({ name }) => name).join(', ')}.`,
      ExitCode.usage,
    );
  if (own !== undefined && Object.values(own.limits).includes(0))
    throw new CliError(`The tier ${own.name} admits nothing: one of its limits is 0.`, ExitCode.usage);
  return { own, tiers, prices: pricesOf(config) };
}

function canonicalId(name: string, { models }: Config): string {
  return models.find(({ id, aliases }) => id === name || aliases.includes(name))?.id ?? name;
}

function toKnownTier({ name, limits: all, models }: Tier, model: string | undefined): KnownTier {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } =
    (model === undefined ? undefined : models.get(model)) ?? all;
  const limits = {
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(concurrentRequests !== undefined && { concurrency: concurrentRequests }),
  };
  return { name, limits };
}

function pricesOf({ models, billing }: Config): PriceSettings | undefined {
  const priced = models.flatMap(({ id, aliases, price }) =>
    price === undefined ? [] : [id, ...aliases].map((name) => [name, price] as const),
  );
  if (priced.length === 0) return undefined;
  return { currency: billing.currency, peak: billing.peak, models: Object.fromEntries(priced) };
}

/** Sends one small request and reads what its answer says about limits. */
async function probe(
  { models }: PlannedRequests,
  flags: EndpointFlags,
  { context, signal }: LimitSources,
): Promise<Limits> {
  const target = await resolveEndpoint(flags, context);
  const { endpoint, limiter } = connectBatch(target, {});
  const [first] = models.keys();
  const model = first ?? target.model ?? (await listModelIds(endpoint, context.clock, signal))[0];
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 };
  const url = `${endpoint.baseUrl}/chat/completions`;
  await sendForJson(endpoint, context.clock, { method: 'POST', url, body }, signal);
  const limits = toldLimits(limiter.snapshot());
  if (Object.keys(limits).length === 0)
    say(context, `${target.baseUrl} does not say what its limits are; name them with flags if you know them.`);
  return limits;
}

/** The limits that a limiter has heard of. */
export function toldLimits(snapshot: LimiterSnapshot | undefined): Limits {
  const names = { requests: 'requestsPerMinute', tokens: 'tokensPerMinute', concurrency: 'concurrency' } as const;
  const told = (snapshot?.axes ?? []).flatMap(({ axis, limit, origin }) =>
    limit !== undefined && Number.isFinite(limit) && origin === 'header' ? [[names[axis], limit] as const] : [],
  );
  return Object.fromEntries(told);
}
