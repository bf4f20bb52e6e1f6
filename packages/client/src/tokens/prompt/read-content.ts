/** Reads the content of a message: text, or parts of text, images and others. */
import type { Content } from './turns.js';

/** The most that DeepSeek counts for an image, and what that makes of one at low detail (512 by 512). */
const IMAGE_TOKENS = 1024;
const IMAGE_TOKENS_LOW = 160;

/** A JSON object whose members are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Content in the form of any dialect. What is no text counts as an image, whose size nobody knows here. */
export function readContent(content: unknown): Content {
  if (typeof content === 'string') return [content];
  return readList(content).flatMap((part) => {
    if (typeof part === 'string') return [part];
    return isFields(part) ? readPart(part) : [];
  });
}

function readPart(part: Fields): Content {
  if (typeof part.text === 'string') return [part.text];
  if (typeof part.refusal === 'string') return [part.refusal];
  const image = isFields(part.image_url) ? part.image_url : part;
  return [image.detail === 'low' ? IMAGE_TOKENS_LOW : IMAGE_TOKENS];
}
