/** What of an endpoint is checked: which of its models, and which contract it is held to. */
import type { Profile } from '../../check/case.js';
import { Finding } from '../../check/finding.js';
import { type Exchange, KEY_PLACE } from '../../check/http/exchange.js';
import { at, isText, listAt, parseJson } from '../../check/read/at.js';
import type { Session } from '../../check/session.js';
import { CliError, ExitCode } from '../exit-code.js';

export interface Subject {
  readonly model: string;
  readonly profile: Profile;
}

/** What the user has said of it. */
export interface Wanted {
  readonly model: string | undefined;
  readonly profile: Profile | undefined;
}

/**
 * The subject: what the user wants, else the first model that is listed and `deepseek` where such models are.
 *
 * Rejects with a CliError when the endpoint cannot be reached, does not take the key, or lists no model.
 */
export async function readSubject(session: Session, { model, profile }: Wanted): Promise<Subject> {
  const ids = listAt(parseJson((await askForModels(session)).text), 'data')
    .map((entry) => at(entry, 'id'))
    .filter(isText);
  const chosen = model ?? ids[0];
  if (chosen === undefined) {
    throw new CliError(`${session.baseUrl} lists no models; name one with --model.`, ExitCode.usage);
  }
  const isDeepSeek = [chosen, ...ids].some((id) => id.startsWith('deepseek-'));
  return { model: chosen, profile: profile ?? (isDeepSeek ? 'deepseek' : 'openai') };
}

/** The same request as that of the cases, so that it is sent once. */
async function askForModels(session: Session): Promise<Exchange> {
  const url = `${session.baseUrl}/models`;
  const headers = { authorization: `Bearer ${KEY_PLACE}` };
  try {
    const exchange = await session.send({ method: 'GET', url, headers, body: undefined });
    if (exchange.status !== 401 && exchange.status !== 403) return exchange;
    const advice = 'See which key is sent: plumb keys test';
    throw new CliError(`${session.baseUrl} does not accept the key. ${advice}`, ExitCode.authentication);
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    throw new CliError(`${url}: ${error.came}. Is it running, and is this its address?`, ExitCode.server, {
      cause: error,
    });
  }
}
