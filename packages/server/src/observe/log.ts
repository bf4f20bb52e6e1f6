/** The log: one JSON line a request and one a happening, on stderr; never text of a prompt, an answer or a key. */
import pino from 'pino';
import type { Exchange } from '../http/exchange.js';
import type { RequestRecord } from '../http/request-record.js';

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

export function createLog(level: LogLevel): Log {
  const destination = pino.destination({
    fd: STDERR,
    sync: false,
    minLength: BUFFERED_BYTES,
    periodicFlush: FLUSH_INTERVAL_MS,
  });
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    request(exchange, record, durationMs) {
      const { cause, ...rest } = record;
      const line = {
        trace: exchange.traceId,
        method: exchange.method,
        path: exchange.path.slice(0, PATH_CHARACTERS_MAX),
        status: exchange.status,
        durationMs,
        ...rest,
        ...(cause === undefined ? {} : { err: cause instanceof Error ? cause : new Error(String(cause)) }),
      };
      if (exchange.status >= 500) logger.error(line, 'request');
      else logger.info(line, 'request');
    },
    flush: () => destination.flushSync(),
  };
}

/** A path in the log, in characters. */
const PATH_CHARACTERS_MAX = 256;
