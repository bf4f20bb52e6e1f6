/** A way to a server on which nothing may come through any more, without either side being told. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface SilentLink {
  readonly port: number;
  /** From now on nothing passes, in either direction. */
  silence(): void;
  /** New connections pass again; those that were silenced stay silent. */
  restore(): void;
}

/** Opens a way to a port of 127.0.0.1; it is gone after the test. */
export async function openLink(context: TestContext, targetPort: number): Promise<SilentLink> {
  const pairs = new Set<{ inner: Socket; outer: Socket }>();
  let isSilent = false;
  const server = createServer((inner) => {
    const outer = connect(targetPort, '127.0.0.1');
    pairs.add({ inner, outer });
    for (const socket of [inner, outer]) socket.on('error', () => {});
    if (isSilent) return;
    inner.pipe(outer).pipe(inner);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.close();
    for (const { inner, outer } of pairs) {
      inner.destroy();
      outer.destroy();
    }
  });
  return {
    port: (server.address() as { port: number }).port,
    silence() {
      isSilent = true;
      for (const { inner, outer } of pairs) {
        inner.unpipe();
        outer.unpipe();
      }
    },
    restore() {
      isSilent = false;
    },
  };
}
