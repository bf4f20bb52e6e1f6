/** `plumb batch run --dry-run`: what a batch will take, before anything is sent. */
import {
  type BatchCheck,
  formatMoney,
  type Limits,
  type ModelTotals,
  type PriceTable,
  windowDelayMs,
} from '@plumb/client';
import { type CostRange, costRange } from '@plumb/client/plan';
import { formatCount, formatDuration } from './number-format.js';

export interface ForecastOptions {
  readonly prices: PriceTable | undefined;
  readonly limits: Limits;
  readonly now: number;
}

/** What a batch will take, for people and for programs. Prompt tokens are estimates, times are those of the limits alone. */
export function renderForecast(check: BatchCheck, options: ForecastOptions): { text: string; json: object } {
  const totals = sum([...check.models.values()]);
  const { prices, now } = options;
  const cost = prices && costRange(check.models, (model) => prices.ratesOf(model, now));
  const waits = limitWaits(totals, options.limits);
  const binding = waits.reduce((longest, wait) => (wait.delayMs > longest.delayMs ? wait : longest), NOTHING_BINDS);
  const answers = describeAnswers(totals);
  const rows = [
    ['requests', formatCount(totals.requests)],
    ['models', [...check.models].map(([id, { requests }]) => `${id} (${formatCount(requests)})`).join(', ')],
    ['tokens in', `about ${formatCount(totals.promptTokens)}`],
    ['tokens out', answers],
    ['cost', describeCost(cost, options.prices)],
    ['time', describeTime(binding, waits.length > 0)],
  ];
  return {
    text: rows.map(([name = '', value = '']) => `${name.padEnd(12)}${value}`).join('\n'),
    json: {
      requests: totals.requests,
      models: Object.fromEntries([...check.models].map(([id, { requests }]) => [id, requests])),
      prompt_tokens: Math.round(totals.promptTokens),
      completion_tokens_max: totals.unbounded > 0 ? null : totals.answerTokensMax,
      cost_min: cost === undefined ? null : formatMoney(cost.least),
      cost_max: cost?.most === undefined ? null : formatMoney(cost.most),
      currency: cost === undefined ? null : (options.prices?.currency ?? null),
      limit_wait_ms: waits.length === 0 ? null : Math.round(binding.delayMs),
      binding: binding.name === '' ? null : binding.name,
    },
  };
}

const NOTHING_BINDS = { name: '', delayMs: 0 };
const NOTHING_USED: readonly number[] = new Array<number>(60).fill(0);

function sum(models: readonly ModelTotals[]): ModelTotals {
  const totals = { requests: 0, promptTokens: 0, answerTokensMax: 0, unbounded: 0 };
  for (const model of models) {
    totals.requests += model.requests;
    totals.promptTokens += model.promptTokens;
    totals.answerTokensMax += model.answerTokensMax;
    totals.unbounded += model.unbounded;
  }
  return totals;
}

function limitWaits({ requests, promptTokens }: ModelTotals, { requestsPerMinute, tokensPerMinute }: Limits) {
  return [
    { name: 'requests', amount: requests, limit: requestsPerMinute },
    { name: 'tokens', amount: promptTokens, limit: tokensPerMinute },
  ].flatMap(({ name, amount, limit }) =>
    limit === undefined ? [] : [{ name, delayMs: windowDelayMs(amount, limit, NOTHING_USED) }],
  );
}

function describeAnswers({ answerTokensMax, unbounded }: ModelTotals): string {
  const most = `at most ${formatCount(answerTokensMax)}`;
  if (unbounded === 0) return most;
  return `${answerTokensMax === 0 ? '' : `${most}, and `}unknown for ${formatCount(unbounded)} requests without max_tokens`;
}

function describeCost(cost: CostRange | undefined, prices: PriceTable | undefined): string {
  if (cost === undefined) return 'unknown: there are no prices for every model (--prices)';
  const least = `${formatMoney(cost.least)} ${prices?.currency}`;
  if (cost.most === undefined)
    return `at least ${least}; no most, because requests without max_tokens may have any answer`;
  return `${least} to ${formatMoney(cost.most)} ${prices?.currency} at the prices of now`;
}

function describeTime({ name, delayMs }: typeof NOTHING_BINDS, isLimited: boolean): string {
  if (!isLimited) return 'unknown: no limits were given (--requests-per-minute, --tokens-per-minute)';
  if (name === '') return 'the limits hold nothing back: as long as the slowest answers';
  return `at least ${formatDuration(delayMs)}, because of the limit on ${name}, answers not counted`;
}
