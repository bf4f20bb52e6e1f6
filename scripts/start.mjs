// `npm start`: from a fresh clone to a running server in one command.
import { nodeBinary, prepare, run } from './prepare.mjs';

try {
  await prepare(['packages/server']);
  process.exitCode = await run(nodeBinary(), ['packages/server/dist/cli/main.js', 'serve', ...process.argv.slice(2)]);
} catch (error) {
  console.error(`plumb: ${error.message}`);
  process.exitCode = 1;
}
