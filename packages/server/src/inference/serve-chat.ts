/** `POST /chat/completions`: what is particular to it on the way of a request. */
import { checkStrictContract, readChatRequest } from '@plumb/wire';
import { CHAT_FORM } from './answer-form.js';
import { describeGeneration } from './describe-generation.js';
import { serveGeneration } from './serve-generation.js';

/** Paths under it have what DeepSeek calls beta features. */
const BETA_PREFIX = '/beta/';

export const serveChat = serveGeneration((context, value, bytes) => {
  const { platform, exchange } = context;
  const request = readChatRequest(value, bytes);
  const isBeta = exchange.path.startsWith(BETA_PREFIX);
  const isStrict = platform.config.contract === 'strict';
  const check = isStrict ? (thinking: boolean) => checkStrictContract(request, { thinking, isBeta }) : undefined;
  return describeGeneration(context, { request, body: bytes, form: CHAT_FORM, check });
});
