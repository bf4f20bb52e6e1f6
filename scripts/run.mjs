// Builds everything, then runs one compiled file with the pinned Node: `node scripts/run.mjs bench/dist/engine/main.js …`.
import { nodeBinary, prepare, run } from './prepare.mjs';

try {
  await prepare(['packages/server', 'bench']);
  process.exitCode = await run(nodeBinary(), process.argv.slice(2));
} catch (error) {
  console.error(`plumb: ${error.message}`);
  process.exitCode = 1;
}
