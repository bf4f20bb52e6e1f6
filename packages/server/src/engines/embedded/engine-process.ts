/** One life of the engine's child process: spawned, loaded, spoken to over its link, gone. Restarting is not its business. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  type EngineDescription,
  encodeFrame,
  FrameReader,
  FromEngine,
  type LoadOptions,
  ToEngine,
} from '@plumb/llama/link';

/** What a process tells its owner. `onExit` comes last, once, however the process ended. */
export interface EngineProcessEvents {
  onReady(description: EngineDescription): void;
  /** A frame of one generation. */
  onFrame(kind: number, stream: number, payload: Buffer): void;
  /** `reason` is for the operator; `loadFailed` tells that starting again cannot help. */
  onExit(reason: string, loadFailed: boolean): void;
}

/** The environment that the child gets to see: nothing that could hold a secret of the server. */
const PASSED_ENVIRONMENT =
  /^(?:PATH|HOME|TMPDIR|LANG|LC_\w+|LD_LIBRARY_PATH|XDG_CACHE_HOME|NODE_COMPILE_CACHE|(?:CUDA|GGML|VK|ROCR|HIP)_\w+)$/;

export class EngineProcess {
  readonly #child: ChildProcess;
  readonly #link: Socket;
  readonly #events: EngineProcessEvents;
  #loadFailure: string | undefined;
  #exited = false;

  constructor(options: LoadOptions, events: EngineProcessEvents) {
    this.#events = events;
    this.#child = spawn(process.execPath, [engineEntry()], {
      env: engineEnvironment(),
      // The fourth descriptor is the link: a socket pair that both sides see closing when the other one dies.
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    this.#link = this.#child.stdio[3] as Socket;
    const reader = new FrameReader((kind, stream, payload) => this.#receive(kind, stream, payload));
    this.#link.on('data', (bytes: Buffer) => reader.push(bytes));
    this.#link.on('error', () => this.#child.kill('SIGKILL'));
    this.#child.once('error', (error) => this.#exit(`could not be started: ${error.message}`));
    this.#child.once('close', (code, signal) => this.#exit(`ended with ${signal ?? `code ${code}`}`));
    this.send(ToEngine.load, 0, JSON.stringify(options));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(kind: number, stream: number, payload: string): void {
    if (!this.#exited) this.#link.write(encodeFrame(kind, stream, payload));
  }

  /**
   * Lets the process keep what it is to keep, for at most `timeoutMs`, and then ends it; `onExit` follows.
   */
  stop(timeoutMs: number): void {
    this.send(ToEngine.stop, 0, '');
    const timer = setTimeout(() => this.kill(), timeoutMs);
    this.#child.once('close', () => clearTimeout(timer));
  }

  /** Ends the process; `onExit` follows. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #receive(kind: number, stream: number, payload: Buffer): void {
    if (stream !== 0) this.#events.onFrame(kind, stream, payload);
    else if (kind === FromEngine.ready) this.#events.onReady(JSON.parse(payload.toString()) as EngineDescription);
    else if (kind === FromEngine.loadFailed)
      this.#loadFailure = (JSON.parse(payload.toString()) as { message: string }).message;
  }

  #exit(reason: string): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#link.destroy();
    this.#events.onExit(this.#loadFailure ?? `The engine process ${reason}.`, this.#loadFailure !== undefined);
  }
}

function engineEntry(): string {
  return fileURLToPath(import.meta.resolve('@plumb/llama/main'));
}

function engineEnvironment(): NodeJS.ProcessEnv {
  const passed = Object.entries(process.env).filter(([name]) => PASSED_ENVIRONMENT.test(name));
  // One thread for libuv: with four, each decode lands on another one and the compute threads collide (see bench/engine).
  return { ...Object.fromEntries(passed), UV_THREADPOOL_SIZE: '1' };
}
