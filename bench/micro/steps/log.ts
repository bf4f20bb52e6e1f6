/** The line of a request in the log, written to nowhere. */
import { closeSync, openSync } from 'node:fs';
import { createLog } from '#server/observe/log.js';
import type { Step } from '../measure.js';
import { USAGE } from '../usage.js';
import type { OpenSteps } from './index.js';

/** File descriptor of stderr, which is where the log goes. */
const STDERR = 2;

const RECORD = {
  account: 'acct_AAAAAAAAAAAAAAAA',
  key: 'key_AAAAAAAAAAAAAAAA',
  model: 'deepseek-chat',
  stream: false,
  thinking: false,
  outcome: 'completed',
  usage: USAGE,
  finishReason: 'stop',
  queuedMs: 0,
  firstEventMs: 12,
};

export const openLog: OpenSteps = ({ context }): Step[] => {
  const log = createLog('info');
  const silent = createLog('warn');
  return [
    { name: 'a line below the level', run: () => silent.request(context.exchange, { ...RECORD }, 120) },
    { name: 'a line', run: inSilence(() => log.request(context.exchange, { ...RECORD }, 120)) },
  ];
};

/** Points stderr at nothing from the first call on: the number that is closed is the one that is opened next. */
function inSilence(write: () => void): () => void {
  let isSilent = false;
  return () => {
    if (!isSilent) {
      isSilent = true;
      closeSync(STDERR);
      if (openSync('/dev/null', 'w') !== STDERR) throw new Error('stderr cannot be silenced on this system.');
    }
    write();
  };
}
