/** Two ends of a pipe in one process: what is sent is written and read as between processes. */
import { deserialize, serialize } from 'node:v8';
import { Channel, type Message } from '#server/workers/channel.js';
import type { Replies } from '#server/workers/dialogue.js';

export interface ConnectedChannels {
  readonly worker: Channel;
  readonly primary: Channel;
  /** How many messages were in each sending of the worker. */
  readonly sendings: number[];
}

/** `replies` are those of the primary. */
export function connectChannels(replies: Replies, ofWorker: Replies = {}): ConnectedChannels {
  const sendings: number[] = [];
  const pass = (to: () => Channel) => (messages: readonly Message[]) => {
    const bytes = serialize(messages);
    setImmediate(() => to().receive(deserialize(bytes) as Message[]));
  };
  const toPrimary = pass(() => primary);
  const send = (messages: readonly Message[]) => {
    sendings.push(messages.length);
    toPrimary(messages);
  };
  const worker = new Channel({ send, replies: ofWorker });
  const primary = new Channel({ send: pass(() => worker), replies });
  return { worker, primary, sendings };
}
