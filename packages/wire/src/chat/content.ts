/** What a message says, as text, whichever way it was sent. */
import type { ContentPart, MessageContent } from './message.js';

/** Stands between the texts of a content that is a list. */
const PART_SEPARATOR = '\n\n';

/** The text of a content: the text parts of a list joined by an empty line, images and files left out. */
export function textOf(content: MessageContent | null | undefined): string {
  if (typeof content === 'string') return content;
  return textsOf(content).join(PART_SEPARATOR);
}

/** The texts of a content, one for each text part. */
export function textsOf(content: MessageContent | null | undefined): string[] {
  if (content === null || content === undefined) return [];
  return typeof content === 'string' ? [content] : content.flatMap(textOfPart);
}

function textOfPart(part: ContentPart): string[] {
  return part.type === 'text' ? [part.text] : [];
}
