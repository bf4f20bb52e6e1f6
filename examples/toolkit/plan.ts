/** Plans ten thousand requests; nothing is sent. Run: `node examples/dist/toolkit/plan.js`. */
import { fromQuantiles, fromSample, plan } from '@plumb/client/plan';

const { time, throughput, concurrency } = plan({
  requests: 10_000,
  tokens: { prompt: fromQuantiles(300, 900), answer: fromSample([120, 80, 310, 95, 150]) },
  latency: fromQuantiles(2500, 6000), // ms
  limits: { requestsPerMinute: 500, tokensPerMinute: 1_000_000, concurrency: 50 },
});
console.log(`at most ${throughput.perSecond.toFixed(1)} a second, because of ${throughput.brake}`);
console.log(`${Math.round(time.p50Ms / 60_000)} minutes with ${concurrency.needed} at once`);
