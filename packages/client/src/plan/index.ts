/** Forecasts: the limiter against simulated endpoints, and the best that could be done. */
export { oracle } from './oracle.js';
export {
  type JobResult,
  type Network,
  type SimulatedClient,
  type SimulationResult,
  simulate,
  simulateClients,
} from './simulate.js';
export { type EndpointBehaviour, SimulatedEndpoint } from './simulated-endpoint.js';
export { type Job, seededRandom, type Trace } from './trace.js';
export { VirtualClock } from './virtual-clock.js';
