/** The engine's side of a request without its network: from the job to the last event, bytes played in between. */
import { readChatRequest } from '@plumb/wire';
import { createBufferedAnswer, createChunks } from '../../support/stub-answers.js';
import type { Step } from '../measure.js';
import { createJob, createPlayedEngine } from '../played-engine.js';
import type { OpenSteps } from './index.js';

const CHUNKS = 256;

export const openEngineAnswer: OpenSteps = () => {
  const chunks = createChunks(CHUNKS);
  return [
    playStep('one JSON object for a buffered answer, with its request', [createBufferedAnswer()], false),
    playStep('64 chunks for a buffered answer, with their request', createChunks(64), false),
    playStep('4 chunks for a streamed answer, with their request', createChunks(4)),
    { ...playStep('a chunk, each in its own piece', chunks), operations: CHUNKS },
    { ...playStep('a chunk, all in one piece', [Buffer.concat(chunks)]), operations: CHUNKS },
    { ...playStep('a chunk, in pieces of 1,000 bytes', cut(Buffer.concat(chunks), 1000)), operations: CHUNKS },
  ];
};

function playStep(name: string, pieces: readonly Buffer[], stream = true): Step {
  const engine = createPlayedEngine(pieces);
  const value = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hello' }], stream };
  const request = readChatRequest(value, Buffer.from(JSON.stringify(value)));
  return { name, run: () => engine.generate(createJob(request)) };
}

function cut(bytes: Buffer, length: number): Buffer[] {
  const pieces = Math.ceil(bytes.length / length);
  return Array.from({ length: pieces }, (_, piece) => bytes.subarray(piece * length, (piece + 1) * length));
}
