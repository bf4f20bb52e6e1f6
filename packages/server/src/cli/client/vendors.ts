/** The variables of the environment that name an endpoint and its key, and the server where each key is at home. */

/** One set of variables; keys of one set are never sent to the servers of another. */
export interface Vendor {
  readonly keyVariable: string;
  readonly urlVariable: string;
  /** Undefined where the name means something else: PLUMB_MODEL is the file that a server loads. */
  readonly modelVariable: string | undefined;
  /** The base URL without a variable. */
  readonly usualUrl: string;
}

/** Our own server, as `plumb serve` starts it. */
export const OWN_URL = 'http://127.0.0.1:8080/v1';

export const PLUMB: Vendor = {
  keyVariable: 'PLUMB_API_KEY',
  urlVariable: 'PLUMB_BASE_URL',
  modelVariable: undefined,
  usualUrl: OWN_URL,
};

/** In the order in which they are looked at: the first of which a variable is set names the endpoint. */
export const VENDORS: readonly Vendor[] = [
  PLUMB,
  {
    keyVariable: 'DEEPSEEK_API_KEY',
    urlVariable: 'DEEPSEEK_BASE_URL',
    modelVariable: 'DEEPSEEK_MODEL',
    usualUrl: 'https://api.deepseek.com',
  },
  {
    keyVariable: 'OPENAI_API_KEY',
    urlVariable: 'OPENAI_BASE_URL',
    modelVariable: 'OPENAI_MODEL',
    usualUrl: 'https://api.openai.com/v1',
  },
];
