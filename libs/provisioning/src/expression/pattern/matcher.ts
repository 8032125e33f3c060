import { type CharacterTest, isWordCharacter } from './characters.ts';
import { type Assertion, type PatternNode, parsePattern } from './pattern.ts';
import { PatternProblem } from './pattern-problem.ts';

type Instruction =
  | { do: 'test'; test: CharacterTest }
  | { do: 'assert'; at: Assertion }
  | { do: 'save'; slot: number }
  | { do: 'fork'; first: number; second: number }
  | { do: 'jump'; to: number }
  | { do: 'match' };

export type Pattern = { program: Instruction[]; groups: (string | null)[] };

export type Span = { start: number; end: number };
export type Match = Span & { groups: (Span | undefined)[] };

const mostInstructions = 2000;
/** Measured: 40 ms at most. What people write takes some hundreds for a name or a telephone number. */
const mostSteps = 100_000;

/** Throws `PatternProblem`. */
export const compilePattern = (text: string): Pattern => {
  const { root, groups } = parsePattern(text);
  const program: Instruction[] = [];
  let visits = 0;
  const emit = (instruction: Instruction) => program.push(instruction) - 1;

  const compile = (node: PatternNode): void => {
    visits += 1;
    if (visits > mostInstructions || program.length > mostInstructions)
      throw new PatternProblem('the pattern is too big');
    switch (node.kind) {
      case 'test':
        emit({ do: 'test', test: node.test });
        return;
      case 'assert':
        emit({ do: 'assert', at: node.at });
        return;
      case 'sequence':
        for (const part of node.parts) compile(part);
        return;
      case 'group':
        emit({ do: 'save', slot: node.group * 2 });
        compile(node.body);
        emit({ do: 'save', slot: node.group * 2 + 1 });
        return;
      case 'choice':
        return compileChoice(node.options);
      case 'repeat':
        return compileRepeat(node);
    }
  };

  const compileChoice = ([option, ...others]: PatternNode[]): void => {
    if (!option) return;
    if (others.length === 0) return compile(option);
    const fork = emit({ do: 'fork', first: program.length + 1, second: 0 });
    compile(option);
    const jump = emit({ do: 'jump', to: 0 });
    program[fork] = { do: 'fork', first: fork + 1, second: program.length };
    compileChoice(others);
    program[jump] = { do: 'jump', to: program.length };
  };

  const compileRepeat = ({ body, min, max, lazy }: Extract<PatternNode, { kind: 'repeat' }>): void => {
    const forkTo = (at: number, into: number, past: number) => {
      program[at] = lazy ? { do: 'fork', first: past, second: into } : { do: 'fork', first: into, second: past };
    };
    for (let count = 0; count < min; count += 1) compile(body);
    if (max === null) {
      const fork = emit({ do: 'jump', to: 0 });
      compile(body);
      emit({ do: 'jump', to: fork });
      forkTo(fork, fork + 1, program.length);
      return;
    }
    const forks: number[] = [];
    for (let count = min; count < max; count += 1) {
      forks.push(emit({ do: 'jump', to: 0 }));
      compile(body);
    }
    for (const fork of forks) forkTo(fork, fork + 1, program.length);
  };

  compile(root);
  emit({ do: 'match' });
  return { program, groups };
};

type Thread = { at: number; start: number; slots: readonly number[] };

/**
 * All matches from left to right, each the one a backtracking matcher would find; `null` when that takes too much work.
 * All alternatives advance together over the text (Thompson, Pike), so no pattern can take exponential time.
 */
export const matchesOf = (pattern: Pattern, text: string): Match[] | null => {
  const budget = { steps: mostSteps };
  const matches: Match[] = [];
  let from = 0;
  while (from <= text.length) {
    const match = firstMatch(pattern, text, from, budget);
    if (budget.steps <= 0) return null;
    if (!match) break;
    matches.push(match);
    from = match.end > match.start ? match.end : match.end + 1;
  }
  return matches;
};

const firstMatch = (
  { program, groups }: Pattern,
  text: string,
  from: number,
  budget: { steps: number },
): Match | undefined => {
  let found: Match | undefined;
  let threads: Thread[] = [];
  for (let position = from; position <= text.length; position += 1) {
    const seen = new Set<number>();
    const reached: Thread[] = [];
    // In order of preference; a match cuts off everything that is preferred less.
    const advance = (thread: Thread): boolean => {
      if (seen.has(thread.at) || budget.steps <= 0) return false;
      seen.add(thread.at);
      budget.steps -= 1;
      const instruction = program[thread.at]!;
      switch (instruction.do) {
        case 'jump':
          return advance({ ...thread, at: instruction.to });
        case 'fork':
          return advance({ ...thread, at: instruction.first }) || advance({ ...thread, at: instruction.second });
        case 'save':
          return advance({ ...thread, at: thread.at + 1, slots: thread.slots.with(instruction.slot, position) });
        case 'assert':
          return holds(instruction.at, text, position) && advance({ ...thread, at: thread.at + 1 });
        case 'test':
          reached.push(thread);
          return false;
        case 'match':
          found = { start: thread.start, end: position, groups: spansOf(thread.slots) };
          return true;
      }
    };

    const cutOff = threads.some(advance);
    if (!cutOff && !found)
      advance({ at: 0, start: position, slots: Array.from({ length: groups.length * 2 }, () => -1) });
    const character = text[position];
    budget.steps -= reached.length;
    threads =
      character === undefined
        ? []
        : reached
            .filter(({ at }) => passes(program[at]!, character))
            .map((thread) => ({ ...thread, at: thread.at + 1 }));
    if ((threads.length === 0 && found) || budget.steps <= 0) break;
  }
  return found;
};

const passes = (instruction: Instruction, character: string): boolean =>
  instruction.do === 'test' && instruction.test(character);

const holds = (assertion: Assertion, text: string, position: number): boolean => {
  const isBoundary = isWordAt(text, position - 1) !== isWordAt(text, position);
  switch (assertion) {
    case 'start':
      return position === 0;
    case 'end':
      return position === text.length;
    case 'boundary':
      return isBoundary;
    case 'inside':
      return !isBoundary;
  }
};

const isWordAt = (text: string, position: number): boolean => {
  const character = text[position];
  return character !== undefined && isWordCharacter(character);
};

const spansOf = (slots: readonly number[]): (Span | undefined)[] =>
  Array.from({ length: slots.length / 2 }, (_, group) => {
    const [start, end] = [slots[group * 2]!, slots[group * 2 + 1]!];
    return start < 0 || end < start ? undefined : { start, end };
  });
