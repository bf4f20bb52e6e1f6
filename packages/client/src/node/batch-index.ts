/** The parts of the batch runner that need files. Not for browsers. */
export type { AppendedFile, OpenAppended } from './batch-file.js';
export { type FileSource, readBatchFile } from './batch-input.js';
export { type BatchPaths, batchPaths, FileJournal, type FileJournalOptions, openFileJournal } from './batch-journal.js';
export { isBatchLocked, lockBatch } from './batch-lock.js';
export { type BatchManifest, readManifest } from './batch-manifest.js';
export { readResults, type Sorted, sortResults } from './batch-results.js';
