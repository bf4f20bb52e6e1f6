/** Tries what the engine relies on before anyone does: the addon's classes are internals that could have changed. */
import { ADDON_VERSION } from './addon.js';
import type { NativeModel } from './native-model.js';

/**
 * Reads a token and draws one.
 *
 * @throws Error that names the version which this engine was written for.
 */
export async function trySampling(model: NativeModel): Promise<void> {
  const sampler = model.createSampler({
    temperature: 0,
    topP: 1,
    seed: undefined,
    frequencyPenalty: 0,
    presencePenalty: 0,
  });
  try {
    const [drawn] = await model.decode([{ sequence: 0, position: 0, tokens: Uint32Array.of(0), sampler }]);
    model.clearSequence(0);
    const token = drawn?.token ?? -1;
    if (token < 0 || token >= model.vocabularySize) throw new Error(`it drew ${token}`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `A first token could not be generated (${reason}). This engine was written for node-llama-cpp ${ADDON_VERSION}.`,
      { cause },
    );
  } finally {
    sampler.dispose();
  }
}
