/** One load from its warm-up to its figures. */
import { setTimeout as delay } from 'node:timers/promises';
import { readMachineMs } from '../../support/process-usage.js';
import { listTree, readCpuUs, readRssBytes } from '../process-tree.js';
import { startClosedLoop } from './closed-loop.js';
import { createReadBuffer } from './connection.js';
import type { LoadContext, RunningLoad } from './load.js';
import { startOpenLoop } from './open-loop.js';
import type { Job, JobResult } from './protocol.js';
import { Recorder } from './recorder.js';
import { startStreams } from './streams.js';
import { writeRequest } from './write-request.js';

/** How long what is under way may take after the measured time, in ms; what takes longer counts as unanswered. */
const FINISH_LIMIT_MS = 2_000;

/** Rejects, with what the contender answered, when it answers with anything but success. */
export async function runJob(job: Job): Promise<JobResult> {
  const recorder = new Recorder();
  const failure = Promise.withResolvers<never>();
  const context: LoadContext = {
    job,
    request: writeRequest(job.target, job.request),
    recorder,
    memory: createReadBuffer(),
    fail: failure.reject,
  };
  const load = start(context);
  try {
    return await Promise.race([measure(job, recorder, load), failure.promise]);
  } catch (error) {
    await load.stop(0);
    throw error;
  }
}

function start(context: LoadContext): RunningLoad {
  const { arrival } = context.job;
  switch (arrival.kind) {
    case 'closed':
      return startClosedLoop(context, arrival.connections);
    case 'open':
      return startOpenLoop(context, arrival.perSecond);
    case 'streams':
      return startStreams(context, arrival.streams, arrival.beside);
  }
}

async function measure(job: Job, recorder: Recorder, load: RunningLoad): Promise<JobResult> {
  await delay(job.warmUpMs);
  const processes = { contender: job.contender === undefined ? [] : listTree(job.contender), others: job.others };
  const before = takeSample(processes);
  recorder.isOpen = true;
  await delay(job.durationMs);
  recorder.isOpen = false;
  const after = takeSample(processes);
  const rssBytes = readRssBytes(processes.contender);
  await load.stop(FINISH_LIMIT_MS);
  return describeResult(recorder, before, after, job.contender === undefined ? undefined : rssBytes);
}

interface Sample {
  atMs: number;
  contenderUs: number;
  ownUs: number;
  machineMs: number;
}

function takeSample({ contender, others }: { contender: number[]; others: number[] }): Sample {
  return {
    atMs: performance.now(),
    contenderUs: readCpuUs(contender),
    ownUs: readCpuUs([...others, process.pid]),
    machineMs: readMachineMs(),
  };
}

function describeResult(recorder: Recorder, before: Sample, after: Sample, rssBytes: number | undefined): JobResult {
  const lengthMs = after.atMs - before.atMs;
  const cpuUs = after.contenderUs - before.contenderUs;
  const ownMs = (cpuUs + after.ownUs - before.ownUs) / 1000;
  const distributions = {
    latencyMs: recorder.latencyMs.summarize(),
    firstChunkMs: recorder.firstChunkMs.summarize(),
    lateMs: recorder.lateMs.summarize(),
  };
  const { answers, chunks, lost, unanswered } = recorder;
  return {
    ...{ lengthMs, answers, chunks, lost, unanswered },
    ...omitUndefined(distributions),
    ...(rssBytes === undefined ? {} : { cpuUs, rssBytes }),
    foreignLoad: Math.max(0, (after.machineMs - before.machineMs - ownMs) / lengthMs),
  };
}

function omitUndefined<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: NonNullable<Fields[Key]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: NonNullable<Fields[Key]>;
  };
}
