/** Makes simulated engines, as the configuration says. Loaded only where there are some: their tokenizer is large. */
import { readFile } from 'node:fs/promises';
import { loadDeepSeekTokenizer } from '@plumb/client/tokenizer';
import type { Config } from '../config/settings.js';
import { fitLatency } from '../engines/simulated/fit-latency.js';
import { type Fixture, readFixtures } from '../engines/simulated/fixtures.js';
import { type Latency, overrideLatency } from '../engines/simulated/latency-model.js';
import { findPreset } from '../engines/simulated/presets.js';
import { readTrace } from '../engines/simulated/read-trace.js';
import { SimulatedEngine } from '../engines/simulated/simulated-engine.js';
import { TokenReader } from '../engines/simulated/tokens.js';
import type { ServerTime } from './simulation.js';

/** Makes one engine, of the configuration's preset or of another one, which must be known. */
export type CreateSimulatedEngine = (preset?: string) => SimulatedEngine;

/** Rejects with a sentence when a file that the configuration names cannot be used. */
export async function prepareSimulation({ simulate }: Config, time: ServerTime): Promise<CreateSimulatedEngine> {
  const tokens = new TokenReader(await loadDeepSeekTokenizer());
  const fixtures = await loadFixtures(simulate.fixtures);
  const fitted = simulate.trace === undefined ? undefined : await fitTrace(simulate.trace);
  const { clock, timers } = time;
  return (preset) => {
    const settings = { ...simulate, preset: preset ?? simulate.preset };
    const measured = preset === undefined ? fitted : undefined;
    const latency = overrideLatency(
      measured ?? latencyOf(settings.preset),
      preset === undefined ? simulate.latency : {},
    );
    return new SimulatedEngine({ settings, latency, fixtures, tokens, clock, timers });
  };
}

function latencyOf(preset: string): Latency {
  const found = findPreset(preset);
  if (found === undefined) throw new Error(`There is no preset "${preset}".`);
  return found.latency;
}

async function loadFixtures(path: string | undefined): Promise<readonly Fixture[]> {
  return path === undefined ? [] : readFixtures(await load(path, 'fixtures'), path);
}

async function fitTrace(path: string): Promise<Latency> {
  const text = await load(path, 'trace');
  try {
    return fitLatency(readTrace(text)).latency;
  } catch (error) {
    throw new Error(`The trace ${path} cannot be used. ${(error as Error).message}`, { cause: error });
  }
}

async function load(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`The ${what} ${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
