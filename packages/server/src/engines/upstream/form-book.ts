/** The forms of events that one engine sends, learnt from its streams and used by all that follow. */
import type { ChunkForm, FoundEvent } from './chunk-form.js';
import { learnForm, type ReadEvent } from './learn-form.js';

/** So many forms are remembered; of more, the one that was found longest ago is forgotten. */
const FORMS_MAX = 8;
/** After so many that fitted no further event, no other one is learnt: this engine's chunks all differ. */
const VAIN_FORMS_MAX = 32;

export class FormBook {
  readonly #reasoningFields: readonly string[];
  /** The one that was found last comes first. */
  readonly #forms: ChunkForm[] = [];
  #vainForms = 0;

  constructor(reasoningFields: readonly string[]) {
    this.#reasoningFields = reasoningFields;
  }

  /** The event that begins at `start`; undefined when it has none of the known forms. */
  find(bytes: Buffer, start: number): FoundEvent | undefined {
    for (const [index, form] of this.#forms.entries()) {
      const found = form.read(bytes, start);
      if (found === undefined) continue;
      if (index > 0) this.#forms.unshift(...this.#forms.splice(index, 1));
      this.#vainForms = 0;
      return found;
    }
    return undefined;
  }

  /** Learns from an event that had none of the known forms. */
  learn(read: ReadEvent): void {
    if (this.#vainForms >= VAIN_FORMS_MAX) return;
    this.#vainForms += 1;
    const form = learnForm(read, this.#reasoningFields);
    if (form === undefined) return;
    if (this.#forms.length >= FORMS_MAX) this.#forms.pop();
    this.#forms.unshift(form);
  }
}
