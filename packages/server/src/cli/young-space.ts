/** How much room V8 gives to young objects, before a server serves and while it does. */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the room as small as it is. What a start makes stays, and to V8 that is a reason for more room, of which a server
 * that then does nothing would keep 30 MB. Holds for the whole process, threads that are yet to come included.
 */
export function holdYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/**
 * Lets it grow in large steps from now on: what running requests hold would be taken for old otherwise. V8 looks at this
 * only when it is about to make room.
 */
export function releaseYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=8');
}
