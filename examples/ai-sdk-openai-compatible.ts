/** The AI SDK with its provider for compatible servers. Run: `node examples/dist/ai-sdk-openai-compatible.js`. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText } from 'ai';

const baseURL = process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1';
const apiKey = process.env.PLUMB_API_KEY ?? '';

const plumb = createOpenAICompatible({ name: 'plumb', baseURL, apiKey, supportsStructuredOutputs: true });
const answer = streamText({ model: plumb('deepseek-chat'), prompt: 'What is the capital of France?' });
for await (const piece of answer.textStream) process.stdout.write(piece);
