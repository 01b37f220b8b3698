/** A part of a sequence: a character, a class, or a group, with what repeats it. */
interface Part {
  readonly isUnbounded: boolean;
  readonly mayBeEmpty: boolean;
}

interface Branch {
  readonly text: string;
  readonly parts: readonly Part[];
}

const setFlags = /\(\?[imsU-]*\)/y;
const groupStart = /\((?:\?(?:P?<\w+>|[imsU-]*:))?/y;
const quantifier = /(?:[*+?]|\{(\d+)(,(\d*))?\})\??/y;
const characterClass = /\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]/suy;
const quoted = /\\Q.*?(?:\\E|$)/sy;
const character = /\\[pP](?:\{[^}]*\}|.)|\\x(?:\{[^}]*\}|..)|\\.|./suy;
const zeroWidth = new Set(["^", "$", "\\b", "\\B", "\\A", "\\z"]);

// What is read as a sequence of runs, where each run may begin anywhere: the runs of a+ in aaaa are one, or two, or …
function isRuns({ parts }: Branch): boolean {
  return parts.some((part) => part.isUnbounded) && parts.every((part) => part.isUnbounded || part.mayBeEmpty);
}

function isRepeatedBy(branch: Branch, other: Branch): boolean {
  return branch !== other && branch.text !== "" && other.text !== "" && other.text.replaceAll(branch.text, "") === "";
}

function isAmbiguous(branches: readonly Branch[]): boolean {
  return branches.some((branch) => isRuns(branch) || branches.some((other) => isRepeatedBy(branch, other)));
}

/** Walks a pattern that is known to be one, and stops at what is ambiguous. */
class PatternWalk {
  readonly #pattern: string;
  #place = 0;
  #isAmbiguous = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  findsAmbiguity(): boolean {
    this.#branches();
    return this.#isAmbiguous;
  }

  #take(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = this.#place;
    const found = form.exec(this.#pattern);
    if (found === null) return undefined;
    this.#place += found[0].length;
    return found;
  }

  #branches(): Branch[] {
    const branches: Branch[] = [];
    do branches.push(this.#branch());
    while (this.#take(/\|/y) !== undefined);
    return branches;
  }

  #branch(): Branch {
    const start = this.#place;
    const parts: Part[] = [];
    while (this.#place < this.#pattern.length && !"|)".includes(this.#pattern.charAt(this.#place))) {
      if (this.#take(setFlags) === undefined) parts.push(this.#part());
    }
    return { text: this.#pattern.slice(start, this.#place), parts };
  }

  #part(): Part {
    if (this.#take(groupStart) !== undefined) {
      const branches = this.#branches();
      this.#place += 1;
      const { isUnbounded, mayBeEmpty } = this.#repetition();
      if (isUnbounded && isAmbiguous(branches)) this.#isAmbiguous = true;
      const isEmptyBranch = ({ parts }: Branch): boolean => parts.every((part) => part.mayBeEmpty);
      return {
        isUnbounded: isUnbounded || branches.some(isRuns),
        mayBeEmpty: mayBeEmpty || branches.some(isEmptyBranch),
      };
    }
    const [text = ""] = this.#take(quoted) ?? this.#take(characterClass) ?? this.#take(character) ?? [];
    const { isUnbounded, mayBeEmpty } = this.#repetition();
    return { isUnbounded, mayBeEmpty: mayBeEmpty || zeroWidth.has(text) };
  }

  #repetition(): Part {
    const [sign, least, comma, most] = this.#take(quantifier) ?? [];
    if (sign === undefined) return { isUnbounded: false, mayBeEmpty: false };
    const isUnbounded = least === undefined ? /^[*+]/.test(sign) : comma !== undefined && most === "";
    return { isUnbounded, mayBeEmpty: least === undefined ? /^[*?]/.test(sign) : Number(least) === 0 };
  }
}

/**
 * Whether a pattern repeats something that can be read as any number of repetitions, such as `(a+)+`, `(\w+\s?)*` or
 * `(a|aa)+`: an engine that backtracks takes exponential time for a text that does not match. `pattern` must be valid.
 */
export function hasAmbiguousRepetition(pattern: string): boolean {
  return new PatternWalk(pattern).findsAmbiguity();
}
