/** Pulls a model in a process of its own: `node pull-child.js <source>`; prints the model, or exits with 1. */
import { ensureModel } from '#server/models/model-store.js';

const model = await ensureModel(process.argv[2], {
  clock: { now: () => Date.now() },
  onProgress: (progress) => {
    if (progress.kind === 'notice') process.stderr.write(`${progress.message}\n`);
    else if (progress.doneBytes > 0) process.send?.(progress.doneBytes);
  },
});
process.stdout.write(JSON.stringify(model));
// The channel to the parent would keep the process alive.
process.disconnect?.();
