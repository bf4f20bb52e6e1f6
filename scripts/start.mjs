// `npm start`: from a fresh clone to a running server in one command.
import { nodeBinary, prepare, run, SERVER_FLAGS } from './prepare.mjs';

try {
  await prepare(['packages/server']);
  const command = ['packages/server/dist/cli/main.js', 'serve', ...process.argv.slice(2)];
  process.exitCode = await run(nodeBinary(), [...SERVER_FLAGS, ...command]);
} catch (error) {
  console.error(`plumb: ${error.message}`);
  process.exitCode = 1;
}
