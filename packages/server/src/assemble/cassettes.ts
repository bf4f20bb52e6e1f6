/** Puts cassettes before the engines of pools, or in their places, as the configuration says. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../config/problem.js';
import { CassetteError } from '../engines/cassette/format/cassette-error.js';
import type { Prompts } from '../engines/cassette/format/lines.js';
import { CassetteFile } from '../engines/cassette/record/cassette-file.js';
import { Recorder } from '../engines/cassette/record/recorder.js';
import { answerMissToEngine } from '../engines/cassette/replay/misses.js';
import { Player } from '../engines/cassette/replay/player.js';
import { readCassette } from '../engines/cassette/replay/read-cassette.js';
import type { EngineSettings } from '../engines/pool-settings.js';
import type { OpenConnections } from '../engines/upstream/connections.js';
import { Endpoint } from '../engines/upstream/endpoint.js';
import type { Log } from '../observe/log.js';
import type { ServerTime } from './simulation.js';

/** What a cassette does to an engine. */
export interface Tape {
  /** Where the API is served, when only the cassette says so. */
  readonly url?: string | undefined;
  /** What the connections are made from: when it differs, they are other ones. */
  readonly builtFrom: unknown;
  readonly connect: OpenConnections;
}

export interface CassettesOptions {
  readonly time: ServerTime;
  readonly log: Log;
}

export class Cassettes {
  readonly #options: CassettesOptions;
  /** Engines that record into the same file write through the same object. */
  readonly #files = new Map<string, CassetteFile>();

  constructor(options: CassettesOptions) {
    this.#options = options;
  }

  /** Undefined for an engine without a cassette. @throws ConfigError when its cassette cannot be used. */
  open(settings: EngineSettings): Tape | undefined {
    try {
      if (settings.record !== undefined) return this.#record(resolve(settings.record), settings);
      return settings.replay === undefined ? undefined : this.#replay(resolve(settings.replay), settings);
    } catch (error) {
      if (error instanceof CassetteError) throw new ConfigError([error.message.replace(/\.$/, '')]);
      throw error;
    }
  }

  #record(path: string, { url = '', scrub_prompts = false }: EngineSettings): Tape {
    const { clock } = this.#options.time;
    const file = this.#openFile(path, scrub_prompts ? 'scrubbed' : 'kept');
    const upstream = new Endpoint(url, undefined).shownUrl;
    const options = { file, upstream, clock, probesOnce: true };
    return {
      builtFrom: { record: path, scrub_prompts },
      connect: (openReal) => new Recorder(openReal(), options),
    };
  }

  #openFile(path: string, prompts: Prompts): CassetteFile {
    const { time, log } = this.#options;
    const known = this.#files.get(path);
    if (known?.version.prompts === prompts) return known;
    const onStopped = (reason: string) => log.error({ cassette: path, reason }, 'recording has stopped');
    // One that treats prompts in another way is refused here.
    const file = new CassetteFile({ path, prompts, now: time.clock.now(), onStopped });
    this.#files.set(path, file);
    return file;
  }

  #replay(path: string, settings: EngineSettings): Tape {
    const { replay_speed: speed, replay_on_miss: onMiss, replay_when_exhausted: whenExhausted } = settings;
    const cassette = readCassette(path);
    const url = settings.url ?? cassette.upstream;
    if (url === undefined) throw new CassetteError(`${path} holds no exchange: record one, or say \`url\`.`);
    const { mtimeMs, size } = statSync(path);
    const options = { cassette, speed, onMiss, whenExhausted, answerMiss: answerMissToEngine };
    return {
      url,
      // The file too: one that was recorded anew is read anew.
      builtFrom: { replay: path, mtimeMs, size, speed, onMiss, whenExhausted },
      connect: () => new Player({ ...options, ...this.#options.time }),
    };
  }
}
