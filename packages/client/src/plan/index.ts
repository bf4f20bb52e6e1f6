/**
 * `@plumb/client/plan`: throughput planned before the first request is sent, and what plans are made of: the limiter against
 * simulated endpoints, and the best that could be done.
 */
export { type Cost, type CostBasis, type CostRange, costRange } from './cost.js';
export { constant, type Distribution, fromQuantiles, fromSample, linear, type Spread } from './distribution.js';
export { type CoursePoint, OPEN_WITHOUT_LIMITS } from './forecast.js';
export { oracle } from './oracle.js';
export { type Plan, type PlanOptions, plan } from './plan.js';
export {
  type JobResult,
  type Network,
  type SimulatedClient,
  type SimulationResult,
  simulate,
  simulateClients,
} from './simulate.js';
export { type EndpointBehaviour, SimulatedEndpoint } from './simulated-endpoint.js';
export type { KnownTier, Target, TargetPlan, TierVerdict } from './target.js';
export type { Brake, BrakeRate, Load, LowerBound } from './throughput.js';
export { type Job, seededRandom, type Trace } from './trace.js';
export { VirtualClock } from './virtual-clock.js';
