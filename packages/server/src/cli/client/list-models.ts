/** The ids of the models that an endpoint serves. */
import type { Clock, Endpoint } from '@plumb/client';
import { sendForJson } from './send.js';

/** What `GET /models` answers, as it is. @throws KitError */
export function fetchModels(endpoint: Endpoint, clock: Clock, signal: AbortSignal): Promise<Record<string, unknown>> {
  return sendForJson(endpoint, clock, { method: 'GET', url: `${endpoint.baseUrl}/models` }, signal);
}

/** The ids in the order of the endpoint. @throws KitError */
export async function listModelIds(endpoint: Endpoint, clock: Clock, signal: AbortSignal): Promise<string[]> {
  return idsOf(await fetchModels(endpoint, clock, signal));
}

/** The ids of such an answer. */
export function idsOf({ data }: Record<string, unknown>): string[] {
  const models = Array.isArray(data) ? (data as readonly { id?: unknown }[]) : [];
  return models.map(({ id }) => id).filter((id) => typeof id === 'string');
}
