/** Faults that happen to an answer on its way out. */
import type { Outgoing } from '../../http/exchange.js';
import type { Timers } from '../../limits/timers.js';
import type { FaultForm } from '../fault-settings.js';
import { AFTER } from '../generation/break-generation.js';
import { HalfBody } from './broken-body.js';
import { breakOff, OneBrokenEvent, repeat, WithoutDone, WithoutFinishReason } from './broken-events.js';
import { SlowDrip } from './slow-drip.js';
import { Stall } from './stall.js';

/** What the answer is sent through: the exchange itself when the fault is not about how it is sent. */
export function openOutlet(form: FaultForm, exchange: Outgoing, timers: Timers): Outgoing {
  const { after = AFTER, duration_s: durationS = 0, interval_s = 1, bytes_per_s = 1 } = form;
  switch (form.fault) {
    case 'malformed_chunk':
      return new OneBrokenEvent(exchange, after, breakOff);
    case 'duplicate_chunk':
      return new OneBrokenEvent(exchange, after, repeat);
    case 'missing_done':
      return new WithoutDone(exchange);
    case 'missing_finish_reason':
      return new WithoutFinishReason(exchange);
    case 'truncated_json':
      return new HalfBody(exchange);
    case 'stall':
      return new Stall(exchange, timers, { after, durationS, intervalS: form.keep_alives ? interval_s : undefined });
    case 'slow_drip':
      return new SlowDrip(exchange, timers, bytes_per_s);
    default:
      return exchange;
  }
}
