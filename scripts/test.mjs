// `npm test`: installs, compiles, checks and runs every test. Arguments name folders or files of tests to run alone.
import { readdirSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
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
  const files = chosen.length === 0 ? ['tests'] : chosen;
  return run(nodeBinary(), [
    '--test',
    '--test-concurrency=2',
    '--test-timeout=600000',
    ...files.flatMap(compiledTests),
  ]);
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

/** The compiled tests of a folder or file of tests. What was compiled from a source that is gone is none of them. */
function compiledTests(path) {
  const sources = path.endsWith('.ts') ? [path] : readdirSync(join(root, path), { recursive: true });
  return sources
    .map((source) => (path.endsWith('.ts') ? source : posix.join(path, source.split(sep).join('/'))))
    .filter((source) => source.endsWith('.test.ts') && !source.startsWith('tests/dist/'))
    .map((source) => source.replace(/^tests\//, 'tests/dist/').replace(/\.ts$/, '.js'))
    .sort();
}
