/** What can be known at once, or later. */

/** A value now or later, so that whoever knows it decides without a turn of the event loop. */
export type MaybePromise<T> = T | Promise<T>;
