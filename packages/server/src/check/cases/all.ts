/** Every case of the suite, in the order of reports. */
import { type CheckCase, GROUPS, groupOf } from '../case.js';
import { AUTH_CASES } from './auth.js';
import { BALANCE_CASES } from './balance.js';
import { CACHE_CASES } from './cache.js';
import { ERRORS_CASES } from './errors.js';
import { LIMITS_CASES } from './limits.js';
import { MODELS_CASES } from './models.js';
import { REASONING_CASES } from './reasoning.js';
import { REQUEST_CASES } from './request.js';
import { RESPONSE_CASES } from './response.js';
import { STREAM_CASES } from './stream.js';
import { STRUCTURED_CASES } from './structured.js';
import { TOOLS_CASES } from './tools.js';
import { WORDS_CASES } from './words.js';

const FILES: readonly (readonly CheckCase[])[] = [
  AUTH_CASES,
  MODELS_CASES,
  BALANCE_CASES,
  REQUEST_CASES,
  RESPONSE_CASES,
  STREAM_CASES,
  STRUCTURED_CASES,
  ERRORS_CASES,
  WORDS_CASES,
  TOOLS_CASES,
  REASONING_CASES,
  LIMITS_CASES,
  CACHE_CASES,
];

export const ALL_CASES: readonly CheckCase[] = GROUPS.flatMap((group) =>
  FILES.flat().filter((rule) => groupOf(rule) === group),
);
