/**
 * Runs a model file through the public API of node-llama-cpp, without any of Plumb's engine: shows that the test models
 * are what they promise, and gives the engine's tests something to compare with.
 */
import { getLlama, LlamaLogLevel, type Token } from 'node-llama-cpp';

/** A loaded model with one sequence. */
export interface OpenModel {
  /** Tokens of a text; `<|im_start|>` and the like are parsed as the tokens that they name. */
  tokenize(text: string): number[];
  /** The text of tokens, with special tokens written out. Half a character is U+FFFD. */
  detokenize(tokens: readonly number[]): string;
  /** Renders the model's chat template with llama.cpp's own Jinja. */
  render(variables: Record<string, unknown>): string;
  /** The tokens after a prompt, until the end of generation (not among them) or `maxTokens`. */
  generate(prompt: string, maxTokens: number, temperature?: number): Promise<{ tokens: number[]; ended: boolean }>;
  /** Tokens of context that the model says it was trained for. */
  contextTokens: number;
  close(): Promise<void>;
}

/** Loads a model on one CPU thread. Rejects when llama.cpp cannot load it. */
export async function openModel(path: string): Promise<OpenModel> {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.error });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: 1024, batchSize: 512, threads: { ideal: 1, min: 1 } });
  const renderer = new (llama as unknown as JinjaBindings)._bindings.AddonJinjaRenderer(
    model.fileInfo.metadata.tokenizer.chat_template!,
  );

  return {
    tokenize: (text) => model.tokenize(text, true),
    detokenize: (tokens) => model.detokenize(tokens as readonly Token[], true),
    render: (variables) => renderer.render(variables),
    contextTokens: model.trainContextSize,
    async generate(prompt, maxTokens, temperature = 1) {
      const sequence = context.getSequence();
      const tokens: number[] = [];
      try {
        for await (const token of sequence.evaluate(model.tokenize(prompt, true), { temperature, topP: 1, topK: 0 })) {
          tokens.push(token);
          if (tokens.length === maxTokens) return { tokens, ended: false };
        }
        return { tokens, ended: true };
      } finally {
        await sequence.dispose();
      }
    },
    async close() {
      await llama.dispose();
    },
  };
}

/** The part of node-llama-cpp 3.22.1's internals that has no public name. */
interface JinjaBindings {
  _bindings: { AddonJinjaRenderer: new (template: string) => { render(variables: Record<string, unknown>): string } };
}
