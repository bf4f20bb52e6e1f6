/** The function that the cases about tools offer, and a call of it. */

/** A tool. */
export function tool(name: string, parameters?: object): object {
  return { type: 'function', function: { name, ...(parameters === undefined ? {} : { parameters }) } };
}

export const GET_WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: 'The name of the city' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
} as const;

export const GET_TIME = {
  type: 'function',
  function: { name: 'get_time', description: 'The time now' },
} as const;

/** A call of an earlier turn, with an id of the strictest form. */
export const CALL = {
  id: 'call_00_abcdefghijklmnopqrstuvwx',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city": "Paris"}' },
} as const;

export const ASKED = { role: 'user', content: 'What is the weather in Paris?' } as const;

/** A conversation in which the call has been answered. */
export const ANSWERED = [
  ASKED,
  { role: 'assistant', content: '', tool_calls: [CALL] },
  { role: 'tool', tool_call_id: CALL.id, content: 'Sunny, 21 degrees' },
] as const;
