/** Faults that look as if the engine had them: put between an engine and the answer. */
import type { ApiError } from '@plumb/wire';
import type { Exchange } from '../../http/exchange.js';
import { beginOtherwise, type Work } from '../../inference/work.js';
import type { FaultForm } from '../fault-settings.js';
import type { FaultStatus } from '../refusals.js';
import { type Break, BrokenGeneration } from './broken-generation.js';
import { breakToolCalls, emptyContent } from './change-chunks.js';
import { ChangedGeneration } from './changed-generation.js';
import { endForLackOfResources } from './last-chunk.js';

/** Good chunks, where a rule does not say. */
export const AFTER = 1;

/** The work with its fault; the same one when the fault is not about what the engine does. */
export function breakGeneration(
  form: FaultForm,
  work: Work,
  exchange: Exchange,
  refuse: (status: FaultStatus) => ApiError,
): Work {
  const { after = AFTER, status = 503, how = 'reset' } = form;
  switch (form.fault) {
    case 'cut':
      return breaking(work, after, cutOff(exchange, how));
    case 'error_event':
      return breaking(work, after, { end: ({ usage }, sink) => sink.onFailure(refuse(status), usage) });
    case 'insufficient_system_resource':
      return breaking(work, after, { end: (end, sink, next) => sink.onEnd(endForLackOfResources(end, next)) });
    case 'empty_content':
      return beginOtherwise(work, (sink) => work.start(new ChangedGeneration(sink, emptyContent)));
    case 'invalid_tool_json':
      return beginOtherwise(work, (sink) => work.start(new ChangedGeneration(sink, breakToolCalls)));
    default:
      return work;
  }
}

function breaking(work: Work, after: number, how: Break): Work {
  return beginOtherwise(work, (sink) => {
    const broken = new BrokenGeneration(sink, after, how);
    return broken.run(work.start(broken));
  });
}

/** The answer learns that its client has left, and stops the engine if nobody else waits for what it makes. */
function cutOff(exchange: Exchange, how: 'reset' | 'close' | 'end'): Break {
  return {
    // A request with an Idempotency-Key goes on without its client.
    goesOn: true,
    begin: () => exchange.cut(how),
    end: (end, sink) => sink.onEnd(end),
  };
}
