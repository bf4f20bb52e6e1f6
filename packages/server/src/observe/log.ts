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
const BUFFERED_BYTES = 64 * 1024;
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
    // Of texts it would put all that wait together again for each line, to know how long they are.
    contentMode: 'buffer',
  });
  const write = (line: string) => {
    // Its type knows of texts alone.
    destination.write(Buffer.from(line) as unknown as string);
  };
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
  const writesLines = logger.isLevelEnabled('info');
  const time = new IsoTime();
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    request(exchange, record, durationMs) {
      const { cause } = record;
      if (cause === undefined && exchange.status < 500) {
        if (writesLines) write(writeLine(time.write(systemClock.now()), exchange, record, durationMs));
        return;
      }
      const err = cause === undefined || cause instanceof Error ? cause : new Error(String(cause));
      const line = { ...describe(exchange, record, durationMs), ...(err && { err }) };
      if (exchange.status >= 500) logger.error(line, REQUEST);
      else logger.info(line, REQUEST);
    },
    flush: () => destination.flushSync(),
  };
}

/** The message of the line of a request. */
const REQUEST = 'request';

const INFO = pino.levels.values.info;

/** A path in the log, in characters. */
const PATH_CHARACTERS_MAX = 256;

/** The line that pino would write, in one step: there is one for each request, and nothing in it needs a serialiser. */
function writeLine(time: string, exchange: Exchange, record: RequestRecord, durationMs: number): string {
  const fields = JSON.stringify(describe(exchange, record, durationMs));
  return `{"level":${INFO},"time":"${time}",${fields.slice(1, -1)},"msg":"${REQUEST}"}\n`;
}

/** Everything but the cause, in the order of the log. Named one by one: a copy of a record takes longer than its JSON. */
function describe({ traceId, method, path, status }: Exchange, record: RequestRecord, durationMs: number) {
  return {
    trace: traceId,
    method,
    path: path.length > PATH_CHARACTERS_MAX ? path.slice(0, PATH_CHARACTERS_MAX) : path,
    status,
    durationMs,
    account: record.account,
    key: record.key,
    fault: record.fault,
    model: record.model,
    stream: record.stream,
    thinking: record.thinking,
    outcome: record.outcome,
    replayed: record.replayed,
    usage: record.usage,
    finishReason: record.finishReason,
    queuedMs: record.queuedMs,
    firstEventMs: record.firstEventMs,
    error: record.error,
    detail: record.detail,
  };
}

/** Writes times as `Date` does, and does so anew only for another second. */
class IsoTime {
  /** Seconds since the epoch. */
  #second = Number.NaN;
  /** Up to the dot behind the seconds. */
  #text = '';

  write(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(ms).toISOString().slice(0, -4);
    }
    return `${this.#text}${String(ms - second * 1000).padStart(3, '0')}Z`;
  }
}
