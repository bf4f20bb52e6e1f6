/** Whatever the network does: the file that counts as a model is whole, or it is not there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { downloadFile } from '#server/models/download.js';
import { checkGguf } from '#server/models/gguf.js';
import { ModelError } from '#server/models/model-error.js';
import { type Step, startFileServer } from './support/file-server.js';
import { createContext, createPace, createTestFolder, ggufBytes, sha256 } from './support/fixtures.js';

const BYTES = 2_000;
/** Runs of the program over the same folder; each may make many requests. */
const MAX_RUNS = 8;

/** A server that breaks off and changes, and never lies about the bytes it sends. */
const HONEST: fc.Arbitrary<Step> = fc.record(
  {
    cutAfter: fc.nat(BYTES),
    breakAfter: fc.nat(BYTES),
    status: fc.constantFrom(500, 503, 429, 404),
    ignoresRange: fc.boolean(),
    wrongRange: fc.boolean(),
    rangeBytes: fc.nat(BYTES),
    replaceBy: fc
      .tuple(fc.integer({ min: 30, max: BYTES }), fc.integer({ min: 2, max: 5 }))
      .map(([n, s]) => ggufBytes(n, s)),
    validator: fc.constantFrom('none', 'weak', 'date'),
    length: fc.constantFrom('chunked', 'until_close'),
  },
  { requiredKeys: [] },
);

/** The same, and it may also send other bytes, or join ranges of different files under no entity tag. */
const LYING: fc.Arbitrary<Step> = fc
  .tuple(HONEST, fc.boolean(), fc.boolean())
  .map(([step, corrupts, ignoresIfRange]) => ({
    ...step,
    corrupts,
    ignoresIfRange,
  }));

/** How often a run is aborted: after so many bytes, or never. */
const ABORTS = fc.array(fc.option(fc.nat(BYTES)), { maxLength: MAX_RUNS - 1 });

test('without a promised hash the file is one that the server had, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(HONEST, { maxLength: 20 }), ABORTS, async (steps, aborts) => {
      await runOverAndOver(steps, aborts, undefined);
    }),
    { numRuns: 80 },
  );
});

test('with a promised hash the file is the promised one, even from a server that lies', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(LYING, { maxLength: 20 }), ABORTS, async (steps, aborts) => {
      await runOverAndOver(steps, aborts, sha256(ggufBytes(BYTES)));
    }),
    { numRuns: 80 },
  );
});

async function runOverAndOver(
  steps: readonly Step[],
  aborts: readonly (number | null)[],
  promised: string | undefined,
): Promise<void> {
  await using server = await startFileServer(ggufBytes(BYTES));
  await using folder = await createTestFolder();
  server.steps.push(...steps);
  const destination = join(folder.path, 'model.gguf');
  const had = new Set([sha256(server.content)]);
  for (const { replaceBy } of steps) if (replaceBy !== undefined) had.add(sha256(replaceBy));
  const allowed = promised === undefined ? had : new Set([promised]);
  const look = () => {
    if (existsSync(destination)) assert.ok(allowed.has(sha256(readFileSync(destination))), 'a wrong file has the name');
  };
  server.onRequest = look;
  for (let run = 0; run < MAX_RUNS && !existsSync(destination); run++) {
    const controller = new AbortController();
    const limit = aborts[run] ?? undefined;
    const context = createContext({
      signal: controller.signal,
      pace: createPace({ progressBytes: 100 }),
      onProgress: (progress) => {
        look();
        if (progress.kind === 'transfer') server.arrived(progress.doneBytes);
        if (limit !== undefined && progress.kind === 'transfer' && progress.doneBytes > limit) {
          controller.abort(new ModelError('stopped', 'Stopped.'));
        }
      },
    });
    try {
      const url = `${server.origin}/model.gguf`;
      const file = await downloadFile({ url, destination, sha256: promised, check: checkGguf }, context);
      assert.equal(sha256(readFileSync(destination)), file.sha256);
    } catch (error) {
      // Every failure is one that a person can be told.
      if (!(error instanceof ModelError)) throw error;
      assert.ok(!existsSync(destination));
    }
    look();
  }
  // Once the server behaves, one more run is enough, unless the file that was promised is gone.
  if (server.steps.length === 0 && (promised === undefined || sha256(server.content) === promised)) {
    assert.ok(existsSync(destination), 'the download never came to an end');
  }
}
