/** The faults that can be injected: where each of them acts, and which settings it has. */

/** A form of an answer. */
export type Form = 'stream' | 'buffered';

/** Settings that say how a fault goes, beside which one it is. */
export const FAULT_PARAMETERS = [
  'status',
  'retry_after_s',
  'duration_s',
  'interval_s',
  'keep_alives',
  'after',
  'how',
  'bytes_per_s',
] as const;
export type FaultParameter = (typeof FAULT_PARAMETERS)[number];

interface FaultEntry {
  /** Settings that it cannot do without. */
  readonly needs?: readonly (FaultParameter | 'delay_s')[];
  /** Settings that it can have as well. `delay_s` goes with all of them. */
  readonly takes?: readonly FaultParameter[];
  /** The only form of answers that have it; both when it is left out. */
  readonly form?: Form;
  /** Whether it is about the text of an answer, which embeddings have not. */
  readonly isOfText?: true;
}

/** By name. The first ones act before anything is taken, the next ones as if the engine did it, the last ones on the way out. */
export const FAULTS = {
  /** Refused with a status. */
  status: { needs: ['status'], takes: ['retry_after_s'] },
  /** Nothing at all for a while, then the answer. */
  latency: { needs: ['delay_s'] },
  /** Keep-alives alone for a while, then the answer. */
  silence: { needs: ['duration_s'], takes: ['interval_s'] },
  /** 200, keep-alives, and then the end. */
  blank_lines: { takes: ['duration_s', 'interval_s'] },
  /** 200, a keep-alive, and then an error. */
  error_in_200: { takes: ['status'] },

  /** The connection ends in the middle. */
  cut: { takes: ['after', 'how'] },
  /** An error in the middle of a stream. */
  error_event: { takes: ['after', 'status'], form: 'stream', isOfText: true },
  /** The answer ends early with the finish reason of that name. */
  insufficient_system_resource: { takes: ['after'], isOfText: true },
  /** Whole but for its content. */
  empty_content: { isOfText: true },
  /** The arguments of tool calls lack their last bracket. */
  invalid_tool_json: { isOfText: true },

  /** A chunk whose JSON breaks off. */
  malformed_chunk: { takes: ['after'], form: 'stream', isOfText: true },
  /** A chunk comes twice. */
  duplicate_chunk: { takes: ['after'], form: 'stream', isOfText: true },
  /** No chunk, or no choice, says why the answer ended. */
  missing_finish_reason: { isOfText: true },
  /** No [DONE] after the last chunk. */
  missing_done: { form: 'stream', isOfText: true },
  /** A body that breaks off, with the length that it has. */
  truncated_json: { form: 'buffered' },
  /** Nothing more for a while in the middle of a stream. */
  stall: { needs: ['duration_s'], takes: ['after', 'keep_alives', 'interval_s'], form: 'stream', isOfText: true },
  /** So many bytes a second. */
  slow_drip: { needs: ['bytes_per_s'] },
} as const satisfies Record<string, FaultEntry>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

/** What the table says of a fault. */
export function entryOf(fault: FaultName): FaultEntry {
  return FAULTS[fault];
}
