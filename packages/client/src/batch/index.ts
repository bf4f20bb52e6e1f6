/** The batch runner: files of requests in, files of results out, every line asked and paid once. */
export {
  type BatchLine,
  type BatchRequest,
  CUSTOM_ID_CHARACTERS_MAX,
  type LineOptions,
  readBatchLine,
} from './batch-line.js';
export { type BatchCheck, type CheckOptions, checkBatch, type ModelTotals, requireNoProblems } from './check-batch.js';
export { windowDelayMs } from './eta.js';
export type { Journal, ResultFile, Verdict } from './journal.js';
export { type BatchLines, type LineSource, parseLines, type SourceLine } from './line-source.js';
export { type RecordedLine, readOutputLine, type TokenUse } from './output-line.js';
export { costOf, deepseekPrices, formatMoney, type PriceSettings, PriceTable, type TokenRates } from './price.js';
export type { BatchCounts, BatchProgress, BatchSummary, StopReason } from './progress.js';
export { LINE_BYTES_MAX, type LineProblem, readLines, type TextLine } from './read-lines.js';
export type { Resumed } from './resume.js';
export { type BatchOptions, type BatchResult, type BatchRun, runBatch } from './run-batch.js';
export type { Obstacle } from './send-line.js';
