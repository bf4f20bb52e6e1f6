/** `plumb record`: stands before any endpoint, passes everything on as it is, and writes a cassette of it. */
import { Command } from 'commander';
import { Pool } from 'undici';
import { FILE_BYTES_DEFAULT, FILE_BYTES_MAX } from '../engines/cassette/format/limits.js';
import type { CapturedExchange } from '../engines/cassette/record/capture.js';
import { CassetteFile } from '../engines/cassette/record/cassette-file.js';
import { Recorder } from '../engines/cassette/record/recorder.js';
import { RELAY_PORT_DEFAULT, startRelay } from '../engines/cassette/relay/relay.js';
import { scrubPath } from '../engines/cassette/scrub/secrets.js';
import { systemClock } from '../observe/clock.js';
import { CliError, ExitCode } from './exit-code.js';
import { withExample } from './help.js';
import { print, remark } from './print.js';
import { readWholeNumber } from './read-options.js';
import { untilStopped } from './until-stopped.js';

interface RecordFlags {
  readonly output: string;
  readonly host: string;
  readonly port: number;
  readonly scrubPrompts?: boolean;
  readonly maxBytes: number;
}

export function recordCommand(): Command {
  const record = new Command('record')
    .description('Record what passes to an endpoint into a cassette, without keys.')
    .argument('<base-url>', 'the endpoint, such as https://api.deepseek.com/v1')
    .requiredOption('-o, --output <file>', 'the cassette; one that is there goes on')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for any free one', readWholeNumber, RELAY_PORT_DEFAULT)
    .option('--scrub-prompts', 'leave prompts and answers out')
    .option('--max-bytes <bytes>', 'size at which recording stops', readWholeNumber, FILE_BYTES_DEFAULT)
    .action((baseUrl: string, flags: RecordFlags) => recordTraffic(baseUrl, flags));
  return withExample(record, 'plumb record https://api.deepseek.com/v1 -o calls.ndjson');
}

async function recordTraffic(baseUrl: string, flags: RecordFlags): Promise<void> {
  const stopped = untilStopped();
  const upstream = readBaseUrl(baseUrl);
  if (flags.maxBytes > FILE_BYTES_MAX) {
    throw new CliError(`--max-bytes must be at most ${FILE_BYTES_MAX}.`, ExitCode.usage);
  }
  const path = upstream.pathname.replace(/\/+$/, '');
  const file = new CassetteFile({
    path: flags.output,
    prompts: flags.scrubPrompts === true ? 'scrubbed' : 'kept',
    now: systemClock.now(),
    bytesMax: flags.maxBytes,
    onStopped: (reason) => remark(`plumb: recording has stopped, and traffic goes on: ${reason}.`),
  });
  const connections = new Recorder(createPool(upstream.origin), {
    file,
    upstream: upstream.origin + path,
    clock: systemClock,
    onRecorded: (exchange, skipped) => remark(describe(exchange, skipped)),
  });
  const relay = await startRelay({ connections, host: flags.host, port: flags.port });
  print(`Recording ${upstream.origin}${path} into ${flags.output}. Use ${relay.url}${path} as the base URL.`);
  await stopped;
  await relay.close();
}

/** Throws a CliError. */
function readBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new CliError('The endpoint must be an address such as https://api.deepseek.com/v1.', ExitCode.usage);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CliError(
      'Leave user, password and query out of the address: clients send their own key.',
      ExitCode.usage,
    );
  }
  return url;
}

/** Nothing is timed out here: the client and the endpoint decide. */
function createPool(origin: string): Pool {
  return new Pool(origin, { headersTimeout: 0, bodyTimeout: 0, pipelining: 1, allowH2: false });
}

function describe({ request, response, endedAt, error }: CapturedExchange, skipped: string | undefined): string {
  const status = response?.status ?? 'no answer';
  const end = error === undefined ? '' : ` broke off (${(error as NodeJS.ErrnoException).code ?? error.name})`;
  const left = skipped === undefined ? '' : `; not recorded: ${skipped}`;
  return `${request.method} ${scrubPath(request.path)} ${status} ${Math.round(endedAt)} ms${end}${left}`;
}
