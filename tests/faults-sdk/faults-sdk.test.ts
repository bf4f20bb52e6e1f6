/**
 * Every fault, buffered and streamed, through the OpenAI SDKs as they are and through the kit: which error, after how many
 * tries, or none at all. The guide shows the same table.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { FAULT_STATUSES } from '#server/faults/fault-settings.js';
import { FAULT_NAMES } from '#server/faults/fault-table.js';
import { CASES, type FaultCase, keyOf } from './support/cases.js';
import { askKit, askOpenAi } from './support/clients.js';
import { expectedOf, renderTable, unusedRows } from './support/expected.js';
import { type FaultServer, startFaultServer } from './support/fault-server.js';
import { drivePython } from './support/python.js';
import { type Column, driveAll } from './support/run.js';
import { withoutRetries } from './support/seen.js';

const guide = new URL('../../../docs/guide/faults.md', import.meta.url);

let server: FaultServer;
before(async () => {
  server = await startFaultServer();
});
after(() => server.plumb.stop());

/** The cells of a column, by case, beside those that are expected. */
function compare(column: Column, expect: (fault: FaultCase) => string | undefined): void {
  const cells = (cellOf: (fault: FaultCase) => string | undefined) =>
    Object.fromEntries(CASES.map((fault) => [keyOf(fault), cellOf(fault)]));
  assert.deepEqual(
    cells((fault) => column.get(keyOf(fault))),
    cells(expect),
  );
}

describe('the OpenAI SDK for Node', () => {
  test('does what the table says', async () => {
    const column = await driveAll(server, (access, fault) => askOpenAi(access, fault));
    compare(column, (fault) => expectedOf(fault)?.node);
  });

  test('does the same without retries, once', async () => {
    const column = await driveAll(server, (access, fault) => askOpenAi(access, fault, 0));
    compare(column, (fault) => withoutRetries(expectedOf(fault)?.node ?? ''));
  });
});

describe('the OpenAI SDK for Python', () => {
  test('does what the table says', async (context) => {
    const column = await drivePython(server);
    if (typeof column === 'string') return context.skip(column);
    compare(column, (fault) => expectedOf(fault)?.python);
  });

  test('does the same without retries, once', async (context) => {
    const column = await drivePython(server, 0);
    if (typeof column === 'string') return context.skip(column);
    compare(column, (fault) => withoutRetries(expectedOf(fault)?.python ?? ''));
  });
});

describe('the kit', () => {
  test('does what the table says', async () => {
    const column = await driveAll(server, (access, fault) => askKit(access, fault, false));
    compare(column, (fault) => expectedOf(fault)?.kit);
  });

  test('makes up for everything that it tries again, when it happens once', async () => {
    const column = await driveAll(server, (access, fault) => askKit(access, fault, true));
    compare(column, (fault) => {
      const cell = expectedOf(fault)?.kit ?? '';
      return withoutRetries(cell) === cell ? cell : 'the answer, 2 tries';
    });
  });
});

describe('the table', () => {
  test('has every fault and every status, and nothing else', () => {
    const faults = new Set(CASES.map(({ header }) => header.split(';')[0]));
    assert.deepEqual([...faults].sort(), [...FAULT_NAMES].sort());
    for (const status of FAULT_STATUSES) assert.ok(CASES.some(({ name }) => name === `status ${status}`));
    assert.deepEqual(unusedRows(), []);
  });

  test('is the one of the guide', async () => {
    assert.ok((await readFile(guide, 'utf8')).includes(renderTable()), renderTable());
  });
});
