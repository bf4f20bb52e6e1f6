/** What operators watch, for Prometheus. */
import type { AdminHandler } from '../handler.js';

export const showMetrics: AdminHandler = async ({ operations, metricsType, exchange }) => {
  exchange.sendText(200, metricsType, await operations.metrics());
};
