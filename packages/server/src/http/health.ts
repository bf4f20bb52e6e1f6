/** Whether the process is up, and whether a request can be answered: for load balancers and scripts, without a key. */
import type { Simulation } from '../platform.js';
import type { OpenHandler } from './handler.js';

export const serveHealth: OpenHandler = ({ exchange }) => {
  exchange.sendJson(200, '{"status":"ok"}');
};

/** 200 once every engine of the catalogue can answer, 503 before that and while the server drains. */
export const serveReadiness: OpenHandler = async ({ exchange, platform }) => {
  const waiting = await platform.operations.notReady();
  if (platform.draining) exchange.sendJson(503, '{"status":"draining"}');
  else if (waiting.length > 0) exchange.sendJson(503, JSON.stringify({ status: 'starting', engines: waiting }));
  else exchange.sendJson(200, JSON.stringify({ status: 'ready', ...describe(platform.simulation) }));
};

function describe(simulation: Simulation | undefined): object {
  return simulation === undefined ? {} : { simulated: simulation.preset, time_scale: simulation.timeScale };
}
