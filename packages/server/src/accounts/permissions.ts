/** What a key may do beside its limits. */
import { permissionDenied } from '@plumb/wire';
import type { ApiKey } from './api-key.js';

/** Throws 403 unless the key may use a model, by its id. */
export function requireModel({ models }: ApiKey, model: string): void {
  if (models === undefined || models.includes(model)) return;
  const allowed = models.length === 0 ? 'none' : models.join(', ');
  throw permissionDenied(`This key may not use the model ${model}. The models that it may use: ${allowed}.`);
}
