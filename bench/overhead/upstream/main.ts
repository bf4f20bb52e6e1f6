/** The stub upstream as a process of its own: says its port over the channel of its parent, and ends with it. */
import { StubUpstream } from './stub-upstream.js';

const stub = await StubUpstream.start();
process.on('disconnect', () => process.exit(0));
process.send?.({ port: stub.port });
