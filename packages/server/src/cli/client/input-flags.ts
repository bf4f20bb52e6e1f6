/** The flags of every command that reads the requests of a file. */
import type { Command } from 'commander';
import type { ClientContext } from './context.js';
import { type EndpointFlags, readCount } from './flags.js';
import { resolveEndpoint } from './resolve-endpoint.js';

export interface InputFlags {
  readonly model?: string;
  readonly shorthand?: true;
  readonly lineBytesMax?: number;
}

export function withInputFlags(command: Command): Command {
  return command
    .option('-m, --model <id>', 'the model of lines that name none')
    .option('--shorthand', 'take lines such as {"prompt": "…"} and {"messages": […]} too')
    .option('--line-bytes-max <bytes>', 'the longest line, in bytes (default: 33554432)', readCount);
}

/** How lines are read, with the model that lines without one ask for. */
export function lineOptionsOf(flags: InputFlags, model: string | undefined) {
  const defaults = model === undefined ? {} : { model };
  return { shorthand: flags.shorthand === true, defaults };
}

/** The model of lines that name none, where nothing is sent: no key is needed for it. */
export async function findModel(flags: EndpointFlags, context: ClientContext): Promise<string | undefined> {
  if (flags.model !== undefined) return flags.model;
  return resolveEndpoint(flags, context).then(
    ({ model }) => model,
    () => undefined,
  );
}
