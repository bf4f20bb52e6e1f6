/** The link between the server and the engine process; nothing here touches the native addon. */
export * from './frames.js';
export * from './messages.js';
