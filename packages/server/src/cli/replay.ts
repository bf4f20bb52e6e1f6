/** `plumb replay`: a server that answers from a cassette, byte for byte and with its timing. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { RELAY_PORT_DEFAULT, startRelay } from '../engines/cassette/relay/relay.js';
import { answerMissToClient } from '../engines/cassette/replay/misses.js';
import { Player } from '../engines/cassette/replay/player.js';
import { readCassette } from '../engines/cassette/replay/read-cassette.js';
import { withExample } from './help.js';
import { print } from './print.js';
import { readWholeNumber } from './read-options.js';
import { untilStopped } from './until-stopped.js';

interface ReplayFlags {
  readonly host: string;
  readonly port: number;
  readonly speed: number;
  readonly onMiss: 'error' | 'nearest';
  readonly once?: boolean;
}

export function replayCommand(): Command {
  const replay = new Command('replay')
    .description('Answer requests from a cassette as they were answered.')
    .argument('<cassette>', 'a file that `plumb record` wrote')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for any free one', readWholeNumber, RELAY_PORT_DEFAULT)
    .option('--speed <factor>', 'as many times as fast, or `max`', readSpeed, 1)
    .addOption(
      new Option('--on-miss <what>', 'what was not recorded gets a 404, or the nearest')
        .choices(['error', 'nearest'])
        .default('error'),
    )
    .option('--once', 'after the last answer to a request a 404, not the first again')
    .action((cassette: string, flags: ReplayFlags) => replayCassette(cassette, flags));
  return withExample(replay, 'plumb replay calls.ndjson --speed max');
}

async function replayCassette(path: string, { host, port, speed, onMiss, once = false }: ReplayFlags): Promise<void> {
  const stopped = untilStopped();
  const cassette = readCassette(path);
  const whenExhausted = once ? 'error' : 'repeat';
  const connections = new Player({ cassette, speed, onMiss, whenExhausted, answerMiss: answerMissToClient });
  const relay = await startRelay({ connections, host, port });
  const basePath = cassette.upstream === undefined ? '' : new URL(cassette.upstream).pathname.replace(/\/+$/, '');
  const count = cassette.exchanges === 1 ? '1 exchange' : `${cassette.exchanges} exchanges`;
  print(`Replaying ${count} of ${path}. Use ${relay.url}${basePath} as the base URL.`);
  await stopped;
  await relay.close();
}

const SPEED_MIN = 0.001;
const SPEED_MAX = 1_000_000;

/** For commander's `argParser`. Throws an InvalidArgumentError. */
function readSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed < SPEED_MIN || speed > SPEED_MAX) {
    throw new InvalidArgumentError(`It must be a number from ${SPEED_MIN} to ${SPEED_MAX}, or max.`);
  }
  return speed;
}
