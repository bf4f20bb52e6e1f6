/** `POST /completions`: text completion and filling in the middle (contract section 8.5). */
import { invalidRequest, readCompletionRequest } from '@plumb/wire';
import { describeGeneration } from '../../inference/describe-generation.js';
import { serveGeneration } from '../../inference/serve-generation.js';
import { readCompletion } from './read-completion.js';
import { CompletionForm } from './write-completion.js';

/** The prefix under which DeepSeek serves it; with `contract: strict` it is the only one here as well. */
const BETA_PREFIX = '/beta/';

export const serveCompletion = serveGeneration((context, value, bytes) => {
  const { platform, exchange } = context;
  if (platform.config.contract === 'strict' && !exchange.path.startsWith(BETA_PREFIX)) throw onlyBeta();
  const completion = readCompletionRequest(value, bytes);
  const { request, text } = readCompletion(completion);
  const form = new CompletionForm(completion.echo === true ? completion.prompt : '');
  return describeGeneration(context, { request, text, form });
});

/** The literal text of DeepSeek's API (contract section 4.3). */
function onlyBeta(): Error {
  return invalidRequest(
    'completions api is only available when using beta api (set base_url="https://api.deepseek.com/beta")',
  );
}
