/** Counts tokens, exactly and as an estimate that learns. Run: `node examples/dist/toolkit/tokens.js`. */
import { createEstimator, estimateChat, estimateTokens } from '@plumb/client';
import { countChat, loadDeepSeekTokenizer } from '@plumb/client/tokenizer';

const body = { model: 'deepseek-flash', messages: [{ role: 'user', content: 'How high is the tower?' }] };

const tokenizer = await loadDeepSeekTokenizer(); // once; keep it
console.log('exactly', tokenizer.count('How high is the tower?'), countChat(tokenizer, body));
console.log(tokenizer.decode(tokenizer.encode('塔有多高?')));

console.log('about', estimateTokens('How high is the tower?'), estimateChat(body));

const counter = createEstimator(); // or: await loadDeepSeekCounter(), from '@plumb/client/tokenizer'
const counted = counter.countRequest(body);
// … send it, and read usage.prompt_tokens of the answer:
counter.learn(body.model, counted, 34);

const tokens = await tokenizer.countAsync('a'.repeat(1_000_000), {}, AbortSignal.timeout(60_000));
console.log('a million letters are', tokens);
