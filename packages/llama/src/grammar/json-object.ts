/** The schema of `response_format: {"type": "json_object"}`, and of arguments whose own schema cannot be read. */

/** Any JSON object. */
export const ANY_OBJECT = { type: 'object' } as const;
