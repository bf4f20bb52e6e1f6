/** Lets one thing be aborted by several: browsers that are a little older have no `AbortSignal.any`. */

/** Aborts a controller with a signal, and with its reason. Returns what ends this. */
export function linkAbort(controller: AbortController, signal: AbortSignal | undefined): () => void {
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  return () => signal?.removeEventListener('abort', abort);
}
