/** The endpoint that a kit talks to, as the parts above `fetch` see it. */

/** The function of the platform that everything goes through. */
export type Fetch = typeof globalThis.fetch;

export interface Endpoint {
  /** Where the API is, without a slash at its end, such as `https://api.deepseek.com/v1`. */
  readonly baseUrl: string;
  /** The headers of every request; the key is among them. */
  readonly headers: () => Record<string, string>;
  /** Sends with retries and limits. Always answers with a Response, also when everything failed; throws on abort alone. */
  readonly fetch: Fetch;
}
