/** The port of everything that is compared: how it is had, and how it is started for one round. */
import type { ServerProcess } from '../../support/server-process.js';
import type { Target } from '../load/protocol.js';

/** What a contender is started with. */
export interface Setting {
  /** Port of the stub upstream, which serves the API under `/v1`. */
  upstreamPort: number;
  /** A folder of its own on a disk, which is removed afterwards. */
  folder: string;
  /** The processor that it is kept on; undefined lets it use all of them. */
  processor?: number;
}

/** A contender whose process was started; it may need time until it answers. */
export interface RunningContender {
  target: Target;
  /** The process with all that is measured; undefined where there is none. */
  server?: ServerProcess;
}

/** A contender that is on this machine. */
export interface ReadyContender {
  /** Its version, and of what it runs on. */
  version: string;
  /**
   * Starts it in a fresh process. What it needs beforehand, such as keys in a database, is done by then or is waited for:
   * `startedAtMs` says when the process itself was started, on `performance.now()`.
   */
  start(setting: Setting): Promise<RunningContender & { startedAtMs: number }>;
}

/** What can be chosen of where contenders come from. */
export interface FindOptions {
  /** Binaries that are used in place of installing them, by the name of the contender. */
  binaries: Readonly<Record<string, string | undefined>>;
  /** A folder for this run. */
  folder: string;
}

/** Something that is compared. */
export interface Contender {
  name: string;
  /** Takes part in fewer rounds, as peers do: they differ by factors. */
  isRare: boolean;
  /** What it does for a request beside passing it on. */
  duties: string;
  /** Finds or installs it. Rejects with the reason when it cannot be had here. */
  find(options: FindOptions): Promise<ReadyContender>;
}

/** The path that all of them serve. */
export const CHAT_PATH = '/v1/chat/completions';
