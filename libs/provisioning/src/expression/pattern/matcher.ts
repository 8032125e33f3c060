import { type Budget, newBudget } from '../budget.ts';
import { pointBefore, widthAt } from '../code-points.ts';
import { remembered } from '../remembered.ts';
import { type CharacterTest, isWordCharacter } from './characters.ts';
import { type Assertion, type PatternNode, parsePattern } from './pattern.ts';
import { PatternProblem } from './pattern-problem.ts';

type Instruction =
  | { do: 'test'; test: CharacterTest; weight: number }
  | { do: 'assert'; at: Assertion }
  | { do: 'save'; slot: number }
  | { do: 'fork'; first: number; second: number }
  | { do: 'jump'; to: number }
  | { do: 'match' };

export type Pattern = { program: Instruction[]; groups: (string | null)[] };

export type Span = { start: number; end: number };
export type Match = Span & { groups: (Span | undefined)[] };

const mostInstructions = 2000;
const STEPS_OF_A_MATCH = 10;

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
        emit({ do: 'test', test: node.test, weight: node.weight });
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

/** `compilePattern`, once for each pattern. */
export const compiledPattern = remembered(1000, compilePattern);

type Thread = { at: number; start: number; slots: readonly number[] };

/**
 * All matches from left to right, each the one a backtracking matcher would find. All alternatives advance together over the text
 * (Thompson, Pike), so no pattern can take exponential time; each move is paid for.
 */
export const matchesOf = (pattern: Pattern, text: string, budget: Budget = newBudget()): Match[] => {
  const find = finder(pattern, text, budget);
  const matches: Match[] = [];
  let from = 0;
  while (from <= text.length) {
    const match = find(from);
    if (!match) break;
    matches.push(match);
    budget.spend(STEPS_OF_A_MATCH);
    from = match.end > match.start ? match.end : match.end + widthAt(text, match.end);
  }
  return matches;
};

const finder = ({ program, groups }: Pattern, text: string, budget: Budget) => {
  const noSlots: readonly number[] = Array.from({ length: groups.length * 2 }, () => -1);
  /** By instruction: in which round it was last reached. */
  const reachedIn = new Uint32Array(program.length);
  let round = 0;

  return (from: number): Match | undefined => {
    let found: Match | undefined;
    let threads: Thread[] = [];
    let position = from;
    let reached: Thread[] = [];

    // In order of preference; a match cuts off everything that is preferred less.
    const advance = (at: number, start: number, slots: readonly number[]): boolean => {
      if (reachedIn[at] === round) return false;
      reachedIn[at] = round;
      budget.spend(1);
      const instruction = program[at]!;
      switch (instruction.do) {
        case 'jump':
          return advance(instruction.to, start, slots);
        case 'fork':
          return advance(instruction.first, start, slots) || advance(instruction.second, start, slots);
        case 'save':
          budget.spend(1);
          return advance(at + 1, start, slots.with(instruction.slot, position));
        case 'assert':
          return holds(instruction.at, text, position) && advance(at + 1, start, slots);
        case 'test':
          reached.push({ at, start, slots });
          return false;
        case 'match':
          found = { start, end: position, groups: spansOf(slots) };
          return true;
      }
    };

    for (;;) {
      round += 1;
      reached = [];
      const cutOff = threads.some(({ at, start, slots }) => advance(at, start, slots));
      if (!cutOff && !found) advance(0, position, noSlots);
      if (position >= text.length) break;
      const character = text.slice(position, position + widthAt(text, position));
      threads = [];
      for (const { at, start, slots } of reached) {
        if (passes(program[at]!, character, budget)) threads.push({ at: at + 1, start, slots });
      }
      if (threads.length === 0 && found) break;
      position += character.length;
    }
    return found;
  };
};

const passes = (instruction: Instruction, character: string, budget: Budget): boolean => {
  if (instruction.do !== 'test') return false;
  budget.spend(instruction.weight);
  return instruction.test(character);
};

const holds = (assertion: Assertion, text: string, position: number): boolean => {
  switch (assertion) {
    case 'start':
      return position === 0;
    case 'end':
      return position === text.length;
    case 'boundary':
      return isBoundary(text, position);
    case 'inside':
      return !isBoundary(text, position);
  }
};

const isBoundary = (text: string, position: number): boolean => {
  const before = pointBefore(text, position);
  const after = text.slice(position, position + widthAt(text, position));
  return (before !== undefined && isWordCharacter(before)) !== (after !== '' && isWordCharacter(after));
};

const spansOf = (slots: readonly number[]): (Span | undefined)[] =>
  Array.from({ length: slots.length / 2 }, (_, group) => {
    const [start, end] = [slots[group * 2]!, slots[group * 2 + 1]!];
    return start < 0 || end < start ? undefined : { start, end };
  });
