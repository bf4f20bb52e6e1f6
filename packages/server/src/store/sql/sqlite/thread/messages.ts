/** What the server's thread and the thread of its database say to each other. */
import type { OperationResult } from '../../../../ledger/ledger-store.js';
import type { PackedOperation } from '../../../../ledger/pack-settlement.js';
import { StoreError, type StoreErrorCode } from '../../../store-error.js';
import type { StatementResult } from '../connection.js';

/** What a database thread is started with. */
export interface ThreadData {
  readonly path: string;
}

/** Something to do; they are done in the order in which they come, one at a time. */
export type Task =
  | { readonly kind: 'execute'; readonly sql: string }
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'apply'; readonly operations: readonly PackedOperation[]; readonly serverId: string }
  | { readonly kind: 'close' };

/** What comes back; one for each task, in their order. */
export type Outcome =
  | { readonly result: StatementResult | readonly OperationResult[] | undefined }
  | { readonly failure: Failure };

/** An error as it can be sent: structured clones of errors lose their class and what they carry. */
export interface Failure {
  readonly code: StoreErrorCode | undefined;
  readonly message: string;
  readonly cause: unknown;
}

export function describeFailure(error: unknown): Failure {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof StoreError) return { code: error.code, message, cause };
  return { code: undefined, message, cause: error };
}

export function toError({ code, message, cause }: Failure): Error {
  if (code !== undefined) return new StoreError(code, message, cause);
  return cause instanceof Error ? cause : new Error(message, { cause });
}
