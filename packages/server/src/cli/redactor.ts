/** Takes keys out of everything that is said on stderr: errors, remarks and traces all pass through one of these. */

/** A shorter secret is no secret, and taking it out would garble sentences. */
const SECRET_MIN_CHARACTERS = 8;

/** From this length on, the last four characters say which key it is and give nothing away. */
const TELLING_MIN_CHARACTERS = 12;

/** What looks like a key, wherever it comes from. */
const KEY_LIKE = /\bsk-[A-Za-z0-9_-]{8,}/g;
const BEARER_LIKE = /\b(bearer\s+)([^\s"',;]{8,})/gi;

/** The variables whose values must never be seen, whether a command reads them or not. */
const SECRET_VARIABLES = [
  'PLUMB_API_KEY',
  'DEEPSEEK_API_KEY',
  'OPENAI_API_KEY',
  'PLUMB_ADMIN_KEY',
  'PLUMB_SECRET',
] as const;

export class Redactor {
  readonly #secrets = new Set<string>();

  constructor(environment: NodeJS.ProcessEnv = {}) {
    for (const name of SECRET_VARIABLES) this.add(environment[name] ?? '');
  }

  /** Makes a key known as soon as it is read, so that it is found also where it does not look like one. */
  add(secret: string): void {
    if (secret.length >= SECRET_MIN_CHARACTERS) this.#secrets.add(secret);
  }

  /** The text with every key as `sk-…1a2b`. */
  redact(text: string): string {
    let clean = text;
    // The longest first: one key can be the beginning of another.
    const secrets = [...this.#secrets].sort((one, other) => other.length - one.length);
    for (const secret of secrets) clean = clean.replaceAll(secret, () => maskKey(secret));
    return clean
      .replace(KEY_LIKE, maskKey)
      .replace(BEARER_LIKE, (_, scheme: string, key: string) => scheme + maskKey(key));
  }
}

/** A key as people may see it: `sk-…1a2b`. */
export function maskKey(key: string): string {
  // What is masked already stays as it is.
  if (key.includes('…')) return key;
  const prefix = key.startsWith('sk-') ? 'sk-' : '';
  return `${prefix}…${key.length < TELLING_MIN_CHARACTERS ? '' : key.slice(-4)}`;
}
