import { describe, expect, it } from '@jest/globals';
import { summarise, withSecondTry, worthAnotherTry } from './summary.mjs';

const test = (status, fullName = 'a test') => ({ status, fullName });
const file = (name, assertionResults, status = 'passed') => ({ name: `/repo/${name}`, status, assertionResults });

describe('the summary of a test run', () => {
  it('counts by level, told by the suffix', () => {
    const { byLevel } = summarise(
      {
        testResults: [
          file('libs/a/src/a.spec.ts', [test('passed'), test('failed')], 'failed'),
          file('libs/a/src/b.int.spec.ts', [test('passed')]),
          file('apps/s/src/c.e2e.spec.ts', [test('passed'), test('passed')]),
        ],
      },
      '/repo',
    );
    expect(byLevel).toEqual([
      { level: 'spec', files: 1, passed: 1, failed: 1, notRun: 0 },
      { level: 'int', files: 1, passed: 1, failed: 0, notRun: 0 },
      { level: 'e2e', files: 1, passed: 2, failed: 0, notRun: 0 },
    ]);
  });

  it('names what was not run', () => {
    const { notRunTests, notRun } = summarise(
      { testResults: [file('libs/a/src/k.int.spec.ts', [test('pending', 'Kafka transport needs Kafka')])] },
      '/repo',
    );
    expect(notRun).toBe(1);
    expect(notRunTests).toEqual(['libs/a/src/k.int.spec.ts: Kafka transport needs Kafka']);
  });

  it('counts a file that could not be run as a failure', () => {
    expect(summarise({ testResults: [file('libs/a/src/a.spec.ts', [], 'failed')] }, '/repo')).toMatchObject({
      passed: 0,
      failed: 1,
    });
  });

  describe('of files that failed and were run again', () => {
    const late = 'libs/a/src/late.int.spec.ts';
    const first = {
      testResults: [
        file('libs/a/src/a.spec.ts', [test('passed')]),
        file(late, [test('failed', 'is late'), test('failed', 'is wrong'), test('passed', 'is well')], 'failed'),
      ],
    };
    const second = {
      testResults: [
        file(late, [test('passed', 'is late'), test('failed', 'is wrong'), test('passed', 'is well')], 'failed'),
      ],
    };

    it('counts what they did at last, and names what passed only then', () => {
      const summary = summarise(withSecondTry(first, second, '/repo'), '/repo');
      expect(summary).toMatchObject({ files: 2, passed: 3, failed: 1, onlyAgain: [`${late}: is late`] });
    });

    it('has none where many failed: something is broken rather than late', () => {
      const failing = (count) => ({
        testResults: Array.from({ length: count }, (_, n) =>
          file(`libs/a/src/${n}.spec.ts`, [test('failed')], 'failed'),
        ),
      });
      expect(worthAnotherTry(first)).toEqual([`/repo/${late}`]);
      expect(worthAnotherTry(failing(3))).toHaveLength(3);
      expect(worthAnotherTry(failing(4))).toEqual([]);
    });
  });
});
