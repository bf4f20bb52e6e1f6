/** `plumb models served`, which is also `plumb models` alone: the ids that an endpoint takes. */
import { Command } from 'commander';
import { withExample } from '../help.js';
import { print, printJson } from '../print.js';
import { connect } from './connect.js';
import type { ClientContext } from './context.js';
import { withExitCode } from './failure.js';
import { type EndpointFlags, withEndpointFlags } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { fetchModels, idsOf } from './list-models.js';
import { resolveEndpoint } from './resolve-endpoint.js';

interface ServedFlags extends EndpointFlags {
  readonly json?: true;
}

export function servedModelsCommand(context: ClientContext): Command {
  const served = new Command('served')
    .description('List the models that the endpoint serves. Without a verb it is this.')
    .option('--json', 'print the answer of the API as one line of JSON');
  withExample(
    withEndpointFlags(served),
    'plumb models',
    'plumb models --base-url https://api.deepseek.com --json | jq -r ".data[].id"',
  );
  return served.action((flags: ServedFlags) =>
    untilInterrupted((signal) => listServed(flags, context, signal)).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

async function listServed(flags: ServedFlags, context: ClientContext, signal: AbortSignal): Promise<void> {
  const endpoint = connect(await resolveEndpoint(flags, context), context);
  const answer = await fetchModels(endpoint, context.clock, signal);
  if (flags.json) return printJson(answer);
  for (const id of idsOf(answer)) print(id);
}
