// `npm test`: installs, compiles, checks and runs every test. Arguments name folders or files of tests to run alone.
import { join } from 'node:path';
import { nodeBinary, prepare, root, run } from './prepare.mjs';

try {
  process.exitCode = await test(process.argv.slice(2));
} catch (error) {
  console.error(`plumb: ${error.message}`);
  process.exitCode = 1;
}

async function test(chosen) {
  await prepare(['packages/server', 'tests', 'bench', 'examples']);
  if (chosen.length === 0) {
    const code = (await check()) || (await fetchModel());
    if (code !== 0) return code;
  }
  const patterns = chosen.length === 0 ? ['tests/dist/**/*.test.js'] : chosen.map(compiledPattern);
  return run(nodeBinary(), ['--test', '--test-concurrency=2', '--test-timeout=600000', ...patterns]);
}

function check() {
  return run(join(root, 'node_modules', '.bin', 'biome'), ['ci', '.']);
}

/** Tests with the real default model skip by name where it cannot be had; that is no failure of this step. */
async function fetchModel() {
  const code = await run(nodeBinary(), ['packages/server/dist/cli/main.js', 'models', 'pull'], {
    stdio: ['ignore', 2, 2],
  });
  if (code !== 0) console.error('plumb: the default model could not be fetched; the tests that need it will say so.');
  return 0;
}

/** `tests/wire` or `tests/wire/sse.test.ts` as compiled files. */
function compiledPattern(path) {
  const compiled = path.replace(/^tests\//, 'tests/dist/').replace(/\.ts$/, '.js');
  return compiled.endsWith('.js') ? compiled : `${compiled.replace(/\/$/, '')}/**/*.test.js`;
}
