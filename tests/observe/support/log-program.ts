/** Writes lines of requests to a log and exits without having flushed it, as a process does that fails. */
import type { Exchange } from '#server/http/exchange.js';
import type { RequestRecord } from '#server/http/request-record.js';
import { createLog, type LogLevel } from '#server/observe/log.js';

const [level = 'info', shared = ''] = process.argv.slice(2);
const log = createLog(level as LogLevel, { isShared: shared === 'shared' });

const usage = {
  prompt_tokens: 12,
  completion_tokens: 3,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 10 },
  prompt_cache_hit_tokens: 10,
  prompt_cache_miss_tokens: 2,
};

function write(status: number, record: RequestRecord, path = '/v1/chat/completions'): void {
  const exchange = { traceId: 'f'.repeat(32), method: 'POST', path, status } as unknown as Exchange;
  log.request(exchange, record, 7);
}

log.info({ url: 'http://127.0.0.1:1' }, 'listening');
write(200, {
  firstEventMs: 5,
  queuedMs: 0,
  finishReason: 'stop',
  usage,
  outcome: 'completed',
  thinking: false,
  stream: true,
  model: 'deepseek-chat',
  key: 'key_a',
  account: 'acct_a',
});
write(404, { outcome: 'failed', error: 'Nothing is served at "/ä\n": check the path.' }, `/${'ä'.repeat(300)}`);
write(200, { outcome: 'failed', cause: 'a text' });
write(503, { outcome: 'failed', error: 'Busy.', detail: 'the engine', cause: new Error('refused') });
for (let index = 0; index < 1000; index++) write(200, { account: `acct_${index}` });
process.exit();
