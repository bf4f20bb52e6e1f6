/** The log: one JSON line a request and one a happening, on stderr; never text of a prompt, an answer or a key. */
import pino from 'pino';
import type { Exchange } from '../http/exchange.js';
import type { RequestRecord } from '../http/request-record.js';
import { systemClock } from './clock.js';

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The line of one request. */
  request(exchange: Exchange, record: RequestRecord, durationMs: number): void;
  /** Writes what is still in memory; call it before the process exits. */
  flush(): void;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** File descriptor of stderr: stdout belongs to what a command answers. */
const STDERR = 2;
/** Bytes of lines that may wait in memory, and for how long: a line must not cost a system call of its own. */
const BUFFERED_BYTES = 8 * 1024;
const FLUSH_INTERVAL_MS = 200;

/** A write to a pipe that is not longer than this is not torn by those of other processes (PIPE_BUF of Linux), in bytes. */
const UNTORN_BYTES = 4096;

/** `isShared` says that other processes write to the same stderr: then no write is longer than one that stays whole. */
export function createLog(level: LogLevel, { isShared = false } = {}): Log {
  const bufferedBytes = isShared ? UNTORN_BYTES / 2 : BUFFERED_BYTES;
  const destination = pino.destination({
    fd: STDERR,
    sync: false,
    minLength: bufferedBytes,
    maxWrite: 2 * bufferedBytes,
    periodicFlush: FLUSH_INTERVAL_MS,
  });
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    request(exchange, record, durationMs) {
      const { cause, ...rest } = record;
      if (cause !== undefined || exchange.status >= 500) {
        const err = cause === undefined || cause instanceof Error ? cause : new Error(String(cause));
        const line = { ...describe(exchange, durationMs), ...rest, ...(err && { err }) };
        if (exchange.status >= 500) logger.error(line, REQUEST);
        else logger.info(line, REQUEST);
      } else if (logger.isLevelEnabled('info')) {
        destination.write(`${writeLine(exchange, rest, durationMs)}\n`);
      }
    },
    flush: () => destination.flushSync(),
  };
}

/** The message of the line of a request. */
const REQUEST = 'request';

function describe({ traceId, method, path, status }: Exchange, durationMs: number) {
  return { trace: traceId, method, path: path.slice(0, PATH_CHARACTERS_MAX), status, durationMs };
}

/** The line that pino would write, in one step: there is one for each request, and nothing in it needs a serialiser. */
function writeLine(exchange: Exchange, record: RequestRecord, durationMs: number): string {
  const time = new Date(systemClock.now()).toISOString();
  return JSON.stringify({ level: INFO, time, ...describe(exchange, durationMs), ...record, msg: REQUEST });
}

const INFO = pino.levels.values.info;

/** A path in the log, in characters. */
const PATH_CHARACTERS_MAX = 256;
