/** The stub upstream in a process of its own: prints its address, and ends with its parent's signal. */
import { startStubUpstream } from './stub-upstream.js';

const upstream = await startStubUpstream();
process.stdout.write(`${upstream.url}\n`);
process.once('SIGTERM', () => void upstream.close());
