/** A counter of tokens from any way to count a prompt: corrects it for each model by what its endpoint has reported. */
import { Calibration } from './calibration.js';
import { readRequest } from './prompt/read-request.js';
import { type Prompt, writePrompt } from './prompt/write-prompt.js';
import type { TokenCounter } from './token-counter.js';

/** Models whose correction is kept; the one that was used longest ago goes first. */
const MODELS_MAX = 64;

export class CalibratedCounter implements TokenCounter {
  readonly #countPrompt: (prompt: Prompt) => number;
  readonly #calibrations = new Map<string, Calibration>();

  constructor(countPrompt: (prompt: Prompt) => number) {
    this.#countPrompt = countPrompt;
  }

  countRequest(body: unknown): number {
    return this.#calibrationOf(readModel(body)).correct(countBody(body, this.#countPrompt));
  }

  learn(model: string, counted: number, actual: number): void {
    if (isCount(counted) && isCount(actual)) this.#calibrationOf(model).learn(counted, actual);
  }

  #calibrationOf(model: string): Calibration {
    const calibration = this.#calibrations.get(model) ?? new Calibration();
    this.#calibrations.delete(model);
    this.#calibrations.set(model, calibration);
    const [oldest] = this.#calibrations.keys();
    if (this.#calibrations.size > MODELS_MAX && oldest !== undefined) this.#calibrations.delete(oldest);
    return calibration;
  }
}

/** Counts the prompt that a body makes, uncorrected. Never throws: a body that JSON cannot write makes none. */
export function countBody(body: unknown, countPrompt: (prompt: Prompt) => number): number {
  let prompt: Prompt;
  try {
    prompt = writePrompt(readRequest(body));
  } catch {
    return 0;
  }
  return countPrompt(prompt);
}

function readModel(body: unknown): string {
  const isNamed = typeof body === 'object' && body !== null && 'model' in body && typeof body.model === 'string';
  return isNamed ? String(body.model) : '';
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value > 0;
}
