/** The unmodified OpenAI SDK has the same conversation with a replay as with the server that was recorded. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import OpenAI from 'openai';
import { zodFunction } from 'openai/helpers/zod';
import { z } from 'zod';
import { startPlumb } from '../support/plumb.js';
import { startRecording, startReplay } from './support/tape.js';

const plumb = await startPlumb({ script: 'toolLoop' });
after(() => plumb.stop());

interface Conversation {
  readonly messages: unknown;
  readonly chunks: unknown;
  readonly models: unknown;
  readonly error: string;
  readonly toolRuns: number;
}

/** Everything that a program sees of the endpoint, in one conversation. */
async function converse(baseURL: string, apiKey: string): Promise<Conversation> {
  const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  let toolRuns = 0;
  const tool = zodFunction({
    name: 'get_weather',
    parameters: z.object({ city: z.string() }),
    function: () => {
      toolRuns += 1;
      return 'Sunny, 24 degrees';
    },
  });
  const asked = { model: 'deepseek-chat', messages: [{ role: 'user' as const, content: 'Hi' }], tools: [tool] };
  const buffered = client.chat.completions.runTools(asked);
  await buffered.done();
  const streamed = client.chat.completions.runTools({ ...asked, stream: true });
  const chunks: unknown[] = [];
  streamed.on('chunk', (chunk) => chunks.push(chunk));
  await streamed.done();
  const models = (await client.models.list()).data;
  const error = await client.chat.completions.create({ ...asked, tools: [], model: 'none' }).then(
    () => 'none',
    (reason: Error) => `${reason.constructor.name} ${reason.message}`,
  );
  return { messages: [buffered.messages, streamed.messages], chunks, models, error, toolRuns };
}

test('the OpenAI SDK sees the same: a loop over a tool, streamed and not, a list, an error', async (context) => {
  const recording = await startRecording(context, `${plumb.url}/v1`);
  const original = await converse(`${recording.url}/v1`, plumb.key);
  await recording.close();
  assert.equal(original.toolRuns, 2);
  assert.match(original.error, /^BadRequestError 400/);
  const replay = await startReplay(context, recording.path);
  assert.deepEqual(await converse(`${replay.url}/v1`, 'another-key'), original);
  // And once more, from the beginning.
  assert.deepEqual(await converse(`${replay.url}/v1`, 'another-key'), original);
});

test('a scrubbed cassette takes it through the loop as well, where the nearest is an answer too', async (context) => {
  const loop = (baseURL: string, apiKey: string) => {
    const parameters = { type: 'object' as const, properties: { city: { type: 'string' } } };
    const tool = { name: 'get_weather', parameters, function: () => 'Sunny, 24 degrees' };
    const tools = [{ type: 'function' as const, function: { ...tool, description: 'The weather' } }];
    const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    return client.chat.completions.runTools({ model: 'deepseek-chat', messages, tools }).finalContent();
  };
  const recording = await startRecording(context, `${plumb.url}/v1`, { prompts: 'scrubbed' });
  const original = await loop(`${recording.url}/v1`, plumb.key);
  await recording.close();
  const strict = await startReplay(context, recording.path);
  // The second request repeats the answer to the first one, which is filler now.
  await assert.rejects(loop(`${strict.url}/v1`, 'another-key'), /404 .* differs, by 0 bytes; prompts were scrubbed/);
  const replay = await startReplay(context, recording.path, { onMiss: 'nearest' });
  assert.equal(await loop(`${replay.url}/v1`, 'another-key'), 'x'.repeat(original?.length ?? 0));
});
