/** The forms of events that one engine sends, learnt from its streams and used by all that follow. */
import type { ChunkForm, FoundEvent } from './chunk-form.js';
import { learnForm, type ReadEvent } from './learn-form.js';

/** So many forms are remembered; of more, the one that was found longest ago is forgotten. */
const FORMS_MAX = 8;
/** After so many that fitted no further event, no other one is learnt: this engine's chunks all differ. */
const VAIN_FORMS_MAX = 32;

export class FormBook {
  readonly #reasoningFields: readonly string[];
  /** In the order in which they were learnt, which is that of a stream as a rule. */
  readonly #forms: ChunkForm[] = [];
  #finds = 0;
  #vainForms = 0;

  constructor(reasoningFields: readonly string[]) {
    this.#reasoningFields = reasoningFields;
  }

  /**
   * The event that begins at `start`; undefined when it has none of the known forms.
   *
   * @param last The form of the one before it in its stream, after which its own is looked for first.
   */
  find(bytes: Buffer, start: number, last: ChunkForm | undefined): FoundEvent | undefined {
    const forms = this.#forms;
    const first = last === undefined ? 0 : forms.indexOf(last) + 1;
    for (let step = 0; step < forms.length; step++) {
      const form = forms[(first + step) % forms.length] as ChunkForm;
      const found = form.read(bytes, start);
      if (found === undefined) continue;
      this.#finds += 1;
      form.foundAt = this.#finds;
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
    if (this.#forms.length >= FORMS_MAX) this.#forgetOne();
    this.#finds += 1;
    form.foundAt = this.#finds;
    this.#forms.push(form);
  }

  #forgetOne(): void {
    const oldest = this.#forms.reduce((one, other) => (other.foundAt < one.foundAt ? other : one));
    this.#forms.splice(this.#forms.indexOf(oldest), 1);
  }
}
