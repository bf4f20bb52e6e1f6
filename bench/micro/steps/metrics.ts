/** Counting a request that has ended. */
import { USAGE } from '../usage.js';
import type { OpenSteps } from './index.js';

export const openMetrics: OpenSteps = ({ platform: { metrics } }) => {
  const ended = {
    model: 'deepseek-chat',
    outcome: 'completed',
    usage: USAGE,
    firstEventMs: 12,
    status: 200,
    durationMs: 120,
  };
  return [
    { name: 'a request', run: () => metrics.requestEnded(ended) },
    { name: 'a commit of the ledger', run: () => metrics.ledgerCommitted(0.001, 32) },
    { name: 'GET /metrics', run: () => metrics.text() },
  ];
};
