/** `plumb simulate`: what a simulated engine can be like, and its times from measured ones. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { fitLatency } from '../engines/simulated/fit-latency.js';
import type { Latency } from '../engines/simulated/latency-model.js';
import { PRESETS } from '../engines/simulated/presets.js';
import { readTrace, TraceError } from '../engines/simulated/read-trace.js';
import { CliError, ExitCode } from './exit-code.js';
import { withExample } from './help.js';

export function simulateCommand(): Command {
  const presets = new Command('presets')
    .description('The known systems, with the published figures and where they are from.')
    .action(printPresets);
  const fit = new Command('fit')
    .description('Fit the times of the simulation to measured requests, and print them as settings.')
    .argument('<trace>', 'CSV or JSON lines: prompt_tokens, cached, answer_tokens, ttft_ms, total_ms, concurrency')
    .action(printFit);
  const simulate = new Command('simulate')
    .description('Prepare a rehearsal with `plumb serve --simulate`.')
    .addCommand(withExample(presets, 'plumb simulate presets'))
    .addCommand(withExample(fit, 'plumb simulate fit requests.csv >> plumb.yaml'));
  return withExample(simulate, 'plumb simulate presets', 'plumb serve --simulate "8xH200 deepseek-v3"');
}

function printPresets(): void {
  for (const { name, describes, sources } of PRESETS) {
    process.stdout.write(`${name}\n  ${describes}\n${sources.map((source) => `  ${source}\n`).join('')}`);
  }
}

async function printFit(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError(`${path} cannot be read: ${error.message}`, ExitCode.usage, { cause: error });
  });
  try {
    const requests = readTrace(text);
    const { latency, firstTokenErrorMs, tokenErrorMs } = fitLatency(requests);
    process.stdout.write(renderLatency(latency));
    process.stderr.write(
      `plumb: fitted to ${requests.length} requests; off by ${firstTokenErrorMs.toFixed(1)} ms for first tokens and ` +
        `${tokenErrorMs.toFixed(2)} ms between tokens (root mean square).\n`,
    );
  } catch (error) {
    if (error instanceof TraceError) throw new CliError(`${path}: ${error.message}`, ExitCode.usage, { cause: error });
    throw error;
  }
}

/** As settings of `plumb.yaml`. */
function renderLatency(latency: Latency): string {
  const { slots, firstTokenMs, prefillTokensPerSecond, tokenMs, tokenMsPerSequence, jitter } = latency;
  const lines = {
    slots,
    first_token_ms: round(firstTokenMs),
    prefill_tokens_per_s: round(Math.min(prefillTokensPerSecond, 1e12)),
    token_ms: round(tokenMs),
    token_ms_per_sequence: round(tokenMsPerSequence),
    jitter: Number(jitter.toFixed(4)),
  };
  const written = Object.entries(lines).map(([key, value]) => `    ${key}: ${value}\n`);
  return `simulate:\n  latency:\n${written.join('')}`;
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
