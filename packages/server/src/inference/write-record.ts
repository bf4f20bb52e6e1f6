/** Says in the log's record how a request ended. */
import type { RequestRecord } from '../http/request-record.js';
import type { Meter } from './meter.js';
import type { Outcome } from './outcome.js';
import type { Work } from './work.js';

export function writeRecord(record: RequestRecord, work: Work, meter: Meter, outcome: Outcome): void {
  record.model = work.model;
  record.stream = work.isStreamed;
  if (work.thinking !== undefined) record.thinking = work.thinking;
  record.outcome = outcome.kind;
  if (meter.usage !== undefined) record.usage = meter.usage;
  if (meter.finishReason !== undefined) record.finishReason = meter.finishReason;
  if (meter.queuedMs !== undefined) record.queuedMs = meter.queuedMs;
  if (meter.firstEventMs !== undefined) record.firstEventMs = meter.firstEventMs;
  if (outcome.kind !== 'failed') return;
  record.error = outcome.error.message;
  if (outcome.error.detail !== undefined) record.detail = outcome.error.detail;
  if (outcome.error.cause !== undefined) record.cause = outcome.error.cause;
}
