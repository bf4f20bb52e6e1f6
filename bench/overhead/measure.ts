/** The rounds: every contender in a fresh process, scenario by scenario in turns, in another order every round. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Measurement } from './figures.js';
import { listTree, readCpuUs } from './process-tree.js';
import type { RunLoad, Scenario } from './scenarios.js';
import { type Found, type Participant, type Stage, startContender, warmUp } from './start-contender.js';

/** What a load takes by default before it is measured, in ms. */
const WARM_UP_MS = 400;
/** A contender has settled when it uses less than this of a processor over this time, in ms. */
const SETTLED_SHARE = 0.1;
const SETTLE_STEP_MS = 60;
const SETTLE_LIMIT_MS = 4_000;

/** The name under which what the start shows is kept. */
export const START = 'start';

/** One round. */
export interface Round {
  number: number;
  /** In the order of this round. */
  found: readonly Found[];
  scenarios: readonly Scenario[];
  /** The measured time of a load, in ms. */
  durationMs: number;
  stage: Stage;
  /** Is told of each measurement. */
  onMeasured(measurement: Measurement): void;
}

/** Measures one round. A contender that does not start, or fails a request, is measured as a failure. */
export async function measureRound(round: Round): Promise<void> {
  const participants: Participant[] = [];
  try {
    for (const found of round.found) participants.push(...(await startOne(found, round)));
    for (const scenario of round.scenarios.filter(({ isCold }) => !isCold)) {
      for (const participant of participants) await measureOne(participant, scenario, round);
    }
  } finally {
    await Promise.all(participants.map(({ running }) => running.server?.stop()));
  }
}

/** Starts one, puts to it what needs a fresh process, and warms it. */
async function startOne(found: Found, round: Round): Promise<Participant[]> {
  const about = { round: round.number, contender: found.contender.name, scenario: START };
  let participant: Participant | undefined;
  try {
    participant = await startContender(found, round.stage, round.number);
    if (participant.running.server !== undefined) round.onMeasured({ ...about, figures: participant.figures });
    for (const scenario of round.scenarios.filter(({ isCold }) => isCold))
      await measureOne(participant, scenario, round);
    await warmUp(participant, round.stage);
    return [participant];
  } catch (error) {
    await participant?.running.server?.stop();
    round.onMeasured({ ...about, figures: {}, failure: (error as Error).message });
    return [];
  }
}

async function measureOne(participant: Participant, scenario: Scenario, round: Round): Promise<void> {
  const { contender, running } = participant;
  const about = { round: round.number, contender: contender.name, scenario: scenario.name };
  if (scenario.kind === 'memory' && running.server === undefined) return;
  await settle(running.server?.processId);
  let foreignLoad = 0;
  const load: RunLoad = async (request, arrival, times) => {
    const result = await round.stage.generator.load({
      target: running.target,
      request,
      arrival,
      warmUpMs: times?.warmUpMs ?? WARM_UP_MS,
      durationMs: times?.durationMs ?? round.durationMs,
      ...(running.server === undefined ? {} : { contender: running.server.processId }),
      others: [round.stage.upstream.processId, process.pid],
    });
    foreignLoad = result.foreignLoad;
    return result;
  };
  try {
    const figures = await scenario.run(load);
    round.onMeasured({ ...about, figures, foreignLoad });
  } catch (error) {
    round.onMeasured({ ...about, figures: {}, failure: (error as Error).message });
  }
}

/** Whoever has fallen behind goes on working after its load; the next one must not pay for it. */
async function settle(processId: number | undefined): Promise<void> {
  if (processId === undefined) return delay(SETTLE_STEP_MS);
  const limit = performance.now() + SETTLE_LIMIT_MS;
  const processes = listTree(processId);
  let beforeUs = readCpuUs(processes);
  while (performance.now() < limit) {
    await delay(SETTLE_STEP_MS);
    const nowUs = readCpuUs(processes);
    if (nowUs - beforeUs < SETTLED_SHARE * SETTLE_STEP_MS * 1000) return;
    beforeUs = nowUs;
  }
}
