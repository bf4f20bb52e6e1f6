/** The AI SDK with its DeepSeek provider, thinking included. Run: `node examples/dist/ai-sdk-deepseek.js`. */
import { createDeepSeek } from '@ai-sdk/deepseek';
import { generateText } from 'ai';

const baseURL = process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1';
const apiKey = process.env.PLUMB_API_KEY ?? '';

const plumb = createDeepSeek({ baseURL, apiKey });
const answer = await generateText({ model: plumb('deepseek-reasoner'), prompt: 'What is the capital of France?' });
console.log(answer.reasoningText, answer.text);
