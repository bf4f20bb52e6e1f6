/** Reads again what an answer writes to a stream. */
import { EventDecoder } from '@plumb/wire';

/** The data of the events in a piece of a stream, which are whole; none for a keep-alive. */
export function readEvents(piece: string | Uint8Array): string[] {
  return new EventDecoder().push(Buffer.from(piece)).map(({ data }) => data);
}

/** What a chunk or a body of a chat or a completion has in common. */
export interface Chosen {
  readonly choices?: readonly { readonly finish_reason?: string | null }[];
}

/** Whether a chunk says why the answer ended. */
export function isLast(chunk: string): boolean {
  const [choice] = (JSON.parse(chunk) as Chosen).choices ?? [];
  return typeof choice?.finish_reason === 'string';
}
