/** How requests reach an engine: a pool of connections, or what stands before it or in its place. */
import type { Dispatcher } from 'undici';

export interface Connections {
  /** Sends a request, whose answer comes to the handler as undici says it. @throws When it can be no request. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean;
  /** Breaks off what is under way. */
  destroy(): Promise<void>;
}

/** Makes the connections that are used from the way to make real ones, which it may leave alone. */
export type OpenConnections = (openReal: () => Connections) => Connections;
