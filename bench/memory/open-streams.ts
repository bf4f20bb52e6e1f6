/** Clients that hold streams open and do nothing else, over bare sockets: they must not be what runs out of memory. */
import { connect } from 'node:net';
import { MODEL } from './settings.js';

/** So many are opened at a time: more at once would wait for each other's connections. */
const WIDTH = 100;

/**
 * Opens streams whose engine sends its second word only after `pauseMs`, and resolves when all have got the first one. They
 * stay open for as long as this process lives. Rejects when any of them ends before.
 */
export async function openStreams(url: string, key: string, count: number, pauseMs: number): Promise<void> {
  const request = renderRequest(key, { model: MODEL, stream: true, max_tokens: 64, seed: pauseMs, messages: [HELLO] });
  for (let opened = 0; opened < count; opened += WIDTH) {
    const width = Math.min(WIDTH, count - opened);
    await Promise.all(Array.from({ length: width }, () => openStream(url, request)));
  }
}

const HELLO = { role: 'user', content: 'Hello' };

function openStream(url: string, request: Buffer): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let head = '';
    const read = (bytes: Buffer) => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\ndata') && !/\r\n\r\n[0-9a-f]+\r\ndata/.test(head)) return;
      socket.off('data', read);
      socket.resume();
      resolve();
    };
    socket.on('data', read);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error(`A stream ended before it began: ${head.slice(0, 200)}`)));
    socket.write(request);
  });
}

/** The bytes of a request for a chat. */
function renderRequest(key: string, body: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(body));
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: plumb.test',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${bytes.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}
