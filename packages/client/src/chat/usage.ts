/** Adds up what several requests cost. */
import type { Usage } from './types.js';

/** The sum of each number of both, also of those that lie deeper. What is no number is taken from the second. */
export function addUsage(sum: Usage, usage: Usage | undefined): Usage {
  const added: Record<string, unknown> = { ...sum };
  for (const [field, value] of Object.entries(usage ?? {})) {
    const before = added[field];
    if (typeof value === 'number') added[field] = value + (typeof before === 'number' ? before : 0);
    else if (typeof value === 'object' && value !== null)
      added[field] = addUsage((before ?? {}) as Usage, value as Usage);
    else added[field] ??= value;
  }
  return added;
}
