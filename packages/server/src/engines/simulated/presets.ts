/**
 * Speeds of known systems: the published figures themselves, and the model that follows from them. What is not published
 * is not made up: without a figure for the first token it takes nothing beyond the reading of the prompt, and with a
 * single figure for decoding the load makes no difference.
 */
import { fitLine } from './fit-line.js';
import type { Latency } from './latency-model.js';

/** The preset of whoever names none. */
export const DEFAULT_PRESET = 'default';

export interface Preset {
  readonly name: string;
  /** What was measured, in words. */
  readonly describes: string;
  /** Where the figures are from: addresses, or a page of this project. Empty for what is made up. */
  readonly sources: readonly string[];
  readonly latency: Latency;
}

/** Answers that are generated together, and what they produce together in tokens a second. */
type Throughput = readonly [sequences: number, tokensPerSecond: number];

interface Figures {
  readonly decode: readonly Throughput[];
  /** Prompt tokens a second. */
  readonly prefill: number;
  /** Answers together at the most. */
  readonly slots: number;
}

/** By how much times differ where nothing is published, as a share. */
const JITTER = 0.05;

export const PRESETS: readonly Preset[] = [
  {
    name: DEFAULT_PRESET,
    describes: 'made up: an endpoint that is quick and not busy',
    sources: [],
    latency: {
      ...{ slots: 64, firstTokenMs: 200, prefillTokensPerSecond: 20_000 },
      ...{ tokenMs: 18, tokenMsPerSequence: 0.25, jitter: JITTER },
    },
  },
  {
    name: 'instant',
    describes: 'made up: nothing takes any time',
    sources: [],
    latency: {
      ...{ slots: 100_000, firstTokenMs: 0, prefillTokensPerSecond: Number.MAX_SAFE_INTEGER },
      ...{ tokenMs: 0, tokenMsPerSequence: 0, jitter: 0 },
    },
  },
  {
    name: '8xH200 deepseek-v3',
    describes:
      'TensorRT-LLM with DeepSeek-R1, which is a V3 in size: 158 tokens/s for one answer, 11,489 for 1,024 ' +
      '(1K in, 2K out); prompts as SGLang reads very long ones with the same model, 16,092 tokens/s',
    sources: [
      'https://github.com/NVIDIA/TensorRT-LLM/blob/main/docs/source/blogs/Best_perf_practice_on_DeepSeek-R1_in_TensorRT-LLM.md',
      'https://docs.gpustack.ai/2.3/ru/performance-lab/deepseek-r1/h200/',
    ],
    latency: follow({
      decode: [
        [1, 158.07],
        [1024, 11_489.27],
      ],
      prefill: 16_091.68,
      slots: 1024,
    }),
  },
  {
    name: '8xB200 deepseek-r1-fp4',
    describes:
      'TensorRT-LLM with DeepSeek-R1 in FP4: 274 tokens/s for one answer, 36,384 for 3,072 (1K in, 2K out); prompts as ' +
      'they were read beside these, 18,192 tokens/s',
    sources: [
      'https://github.com/NVIDIA/TensorRT-LLM/blob/main/docs/source/blogs/Best_perf_practice_on_DeepSeek-R1_in_TensorRT-LLM.md',
    ],
    latency: follow({
      decode: [
        [1, 274.42],
        [3072, 36_384.08],
      ],
      prefill: 54_576.13 - 36_384.08,
      slots: 3072,
    }),
  },
  {
    name: '2x8xH800 deepseek-v3',
    describes:
      "DeepSeek's own service, one node that reads and one that writes: 73.7k prompt tokens/s of which 56.3 % came from " +
      'the cache, 14.8k answer tokens/s at 20 to 22 for each answer',
    sources: [
      'https://github.com/deepseek-ai/open-infra-index/blob/main/202502OpenSourceWeek/day_6_one_more_thing_deepseekV3R1_inference_system_overview.md',
    ],
    latency: follow({ decode: [[705, 14_800]], prefill: 73_700 * (1 - 0.563), slots: 705 }),
  },
  {
    name: '2x8xH100 deepseek-v3',
    describes:
      'SGLang on 96 H100, one node of those that read and one of those that write: 52.3k prompt tokens/s, 22.3k answer ' +
      'tokens/s with about 100 ms between the tokens of an answer (2K in)',
    sources: ['https://lmsys.org/blog/2025-05-05-large-scale-ep/'],
    latency: follow({ decode: [[2230, 22_300]], prefill: 52_300, slots: 2230 }),
  },
  {
    name: '1xRTX4090 mistral-7b',
    describes:
      'vLLM with Mistral 7B Instruct on one RTX 4090: 210 tokens/s for 4 answers to 1,190 for 48 (256 in, 128 out); ' +
      'prompts as the median first token of 4 has it, 53 ms',
    sources: ['https://mushfiqrahman.dev/?p=1668'],
    latency: follow({
      decode: [
        [4, 210],
        [8, 377],
        [16, 644],
        [32, 975],
        [48, 1190],
      ],
      prefill: 256 / 0.053,
      slots: 48,
    }),
  },
  {
    name: '2-core-cpu smollm2-135m',
    describes:
      'the embedded engine (llama.cpp) with SmolLM2 135M Q4_1 on 2 shared virtual cores: 129 tokens/s for one answer to ' +
      '229 for 16; a prompt of 128 tokens in 279 ms',
    sources: ['docs/benchmarks/engine.md'],
    latency: follow({
      decode: [
        [1, 129.2],
        [4, 177.3],
        [8, 208.9],
        [16, 229.1],
      ],
      prefill: 128 / 0.279,
      slots: 16,
    }),
  },
];

/** A preset by its name, letter case and blanks beside each other not counted. */
export function findPreset(name: string): Preset | undefined {
  return PRESETS.find((preset) => normalize(preset.name) === normalize(name));
}

function normalize(name: string): string {
  return name.trim().toLowerCase().replaceAll(/\s+/g, ' ');
}

/** The model of published figures: the time between two tokens grows with the answers in a straight line. */
function follow({ decode, prefill, slots }: Figures): Latency {
  const { intercept, slope } = fitLine(decode.map(([sequences, rate]) => [sequences, (sequences / rate) * 1000]));
  return {
    slots,
    firstTokenMs: 0,
    prefillTokensPerSecond: prefill,
    tokenMs: intercept,
    tokenMsPerSequence: slope,
    jitter: JITTER,
  };
}
