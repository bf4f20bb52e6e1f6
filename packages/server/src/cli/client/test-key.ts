/** `plumb keys test`: which key is sent where, and whether it is accepted there. */
import { Command } from 'commander';
import { withExample } from '../help.js';
import { print, printJson } from '../print.js';
import { maskKey } from '../redactor.js';
import { connect } from './connect.js';
import type { ClientContext } from './context.js';
import { withExitCode } from './failure.js';
import { type EndpointFlags, withEndpointFlags } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { listModelIds } from './list-models.js';
import { resolveEndpoint } from './resolve-endpoint.js';

interface TestFlags extends EndpointFlags {
  readonly json?: true;
}

export function testKeyCommand(context: ClientContext): Command {
  const test = new Command('test')
    .description('Show which key is sent to which endpoint, and try it there.')
    .option('--json', 'answer as one line of JSON');
  withExample(withEndpointFlags(test), 'plumb keys test', 'plumb keys test --base-url https://api.deepseek.com');
  return test.action((flags: TestFlags) =>
    untilInterrupted((signal) => testKey(flags, context, signal)).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

async function testKey(flags: TestFlags, context: ClientContext, signal: AbortSignal): Promise<void> {
  const target = await resolveEndpoint(flags, context);
  const key = maskKey(target.key.key);
  const origin = context.redactor.redact(target.key.origin);
  // Said before it is tried: when it is refused, this is what one wants to know.
  if (!flags.json) print(`${target.baseUrl}: ${key} from ${origin}`);
  const models = await listModelIds(connect(target, context), context.clock, signal);
  if (flags.json) return printJson({ endpoint: target.baseUrl, key, origin, accepted: true, models });
  print(`It is accepted. The endpoint serves ${models.join(', ') || 'no models'}.`);
}
