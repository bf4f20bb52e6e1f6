/**
 * The thread of a server's database: whatever takes time there, the wait for the disk first of all, keeps no request
 * waiting that has nothing to do with it. It does one task after the other, and a transaction of the ledger as one task.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { unpack } from '../../../../ledger/pack-settlement.js';
import { DirectConnection } from '../connection.js';
import { openSqlite } from '../open-sqlite.js';
import { LedgerApplier } from './ledger-applier.js';
import { describeFailure, type Outcome, type Task, type ThreadData } from './messages.js';

if (parentPort === null) throw new Error('This is the code of a thread.');
const port = parentPort;
const { path } = workerData as ThreadData;
const opening = openSqlite(path).then((database) => new DirectConnection(database, path));
/** Made for the first transaction, which comes after the migrations: these are tasks of the server. */
let ledger: LedgerApplier | undefined;
let last: Promise<unknown> = opening.then(
  () => port.postMessage({ result: undefined } satisfies Outcome),
  (error) => port.postMessage({ failure: describeFailure(error) } satisfies Outcome),
);

port.on('message', (task: Task) => {
  last = last.then(async () => {
    port.postMessage(await perform(task));
    if (task.kind === 'close') port.close();
  });
});

async function perform(task: Task): Promise<Outcome> {
  try {
    return { result: await run(task, await opening) };
  } catch (error) {
    return { failure: describeFailure(error) };
  }
}

function run(task: Task, connection: DirectConnection) {
  switch (task.kind) {
    case 'execute':
      connection.execute(task.sql);
      return undefined;
    case 'query':
      return connection.query(task.sql, task.parameters);
    case 'rollback':
      connection.rollback();
      return undefined;
    case 'apply':
      ledger ??= new LedgerApplier(connection);
      return ledger.apply(task.operations.map(unpack), task.serverId);
    case 'close':
      connection.close();
      return undefined;
  }
}
