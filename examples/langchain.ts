/** LangChain for Node with its DeepSeek integration. Run: `node examples/dist/langchain.js`. */
import { ChatDeepSeek } from '@langchain/deepseek';

const baseURL = process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1';
const apiKey = process.env.PLUMB_API_KEY ?? '';

const model = new ChatDeepSeek({ model: 'deepseek-chat', apiKey, configuration: { baseURL } });
const answer = await model.invoke('What is the capital of France?');
console.log(answer.content);
