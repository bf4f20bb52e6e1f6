/** What reads the arguments of a call while they are written, whatever they look like. */

/** Takes a text piece by piece. */
export interface ArgumentsReader {
  /** Takes the next text. Returns what follows the arguments, or undefined while they go on. */
  push(text: string): string | undefined;
}

/** Takes the arguments as JSON text, in pieces. */
export type Given = (text: string) => void;
