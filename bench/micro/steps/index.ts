/** The steps in the order of a request's way. A step whose entry point has changed is mended in its own file. */
import type { Step } from '../measure.js';
import type { Scene } from '../scene.js';
import { openAuthenticate } from './authenticate.js';
import { openBody } from './body.js';
import { openDescribe } from './describe.js';
import { openEngineAnswer } from './engine-answer.js';
import { openFaults } from './faults.js';
import { openFold } from './fold.js';
import { openIdempotencyKey } from './idempotency-key.js';
import { openLedger } from './ledger.js';
import { openLimiter } from './limiter.js';
import { openLog } from './log.js';
import { openMetrics } from './metrics.js';
import { openQuote } from './quote.js';
import { openRoute } from './route.js';
import { openSettlement } from './settlement.js';
import { openValidate } from './validate.js';
import { openWriteRequest } from './write-request.js';

/** Makes the steps of one group. */
export type OpenSteps = (scene: Scene) => Step[] | Promise<Step[]>;

export const GROUPS: Readonly<Record<string, OpenSteps>> = {
  route: openRoute,
  authenticate: openAuthenticate,
  'parse the body': openBody,
  'validate the body': openValidate,
  'idempotency key': openIdempotencyKey,
  'resolve the model, describe the job': openDescribe,
  'draw a fault': openFaults,
  'scopes and quote': openQuote,
  limits: openLimiter,
  "write the engine's request": openWriteRequest,
  "read the engine's answer": openEngineAnswer,
  'fold a buffered answer': openFold,
  settlement: openSettlement,
  ledger: openLedger,
  log: openLog,
  metrics: openMetrics,
};
