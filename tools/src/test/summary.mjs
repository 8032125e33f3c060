import { relative } from 'node:path';

const levels = [
  { name: 'e2e', suffix: /\.e2e\.spec\.\w+$/ },
  { name: 'int', suffix: /\.int\.spec\.\w+$/ },
  { name: 'spec', suffix: /\.spec\.\w+$/ },
];

const MOST_FILES_AGAIN = 3;

const levelOf = (file) => levels.find(({ suffix }) => suffix.test(file))?.name ?? 'spec';

/** Tests of one file by outcome. A file that could not be run at all counts as one failure. */
const countOf = ({ status, assertionResults }) => {
  const having = (...outcomes) => assertionResults.filter((test) => outcomes.includes(test.status)).length;
  const failed = having('failed');
  return {
    passed: having('passed'),
    failed: status === 'failed' && failed === 0 ? 1 : failed,
    notRun: having('pending', 'todo', 'skipped', 'disabled'),
  };
};

const sum = (counts) =>
  counts.reduce(
    (total, one) => ({
      files: total.files + 1,
      passed: total.passed + one.passed,
      failed: total.failed + one.failed,
      notRun: total.notRun + one.notRun,
    }),
    { files: 0, passed: 0, failed: 0, notRun: 0 },
  );

/** What jest's JSON says, by level, and the tests that were not run by name. */
export const summarise = ({ testResults, onlyAgain = [] }, root) => {
  const files = testResults.map((file) => ({
    level: levelOf(file.name),
    path: relative(root, file.name),
    tests: file.assertionResults,
    ...countOf(file),
  }));
  return {
    ...sum(files),
    byLevel: ['spec', 'int', 'e2e'].map((level) => ({ level, ...sum(files.filter((file) => file.level === level)) })),
    onlyAgain,
    notRunTests: files.flatMap(({ path, tests }) =>
      tests
        .filter(({ status }) => status !== 'passed' && status !== 'failed')
        .map(({ fullName }) => `${path}: ${fullName}`),
    ),
  };
};

const failedFiles = ({ testResults }) =>
  testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);

/** Of a run, the files to run again: a few that failed. Where many did, something is broken rather than late. */
export const worthAnotherTry = (run) => {
  const failed = failedFiles(run);
  return failed.length <= MOST_FILES_AGAIN ? failed : [];
};

/** A run with some of its files run again: their second results count, and what passed only then is named, for it is to be mended too. */
export const withSecondTry = (first, second, root) => {
  const again = new Map(second.testResults.map((file) => [file.name, file]));
  const passedAgain = ({ name, assertionResults }) => {
    const passed =
      again
        .get(name)
        ?.assertionResults.filter(({ status }) => status === 'passed')
        .map(({ fullName }) => fullName) ?? [];
    return assertionResults
      .filter(({ status, fullName }) => status === 'failed' && passed.includes(fullName))
      .map(({ fullName }) => `${relative(root, name)}: ${fullName}`);
  };
  return {
    testResults: first.testResults.map((file) => again.get(file.name) ?? file),
    onlyAgain: first.testResults.flatMap(passedAgain),
  };
};

export const printSummary = ({ byLevel, notRunTests, onlyAgain }, absent) => {
  console.log('\nlevel   files  passed  failed  not run');
  for (const { level, files, passed, failed, notRun } of byLevel) {
    console.log(
      `${level.padEnd(6)} ${[files, passed, failed, notRun].map((n, i) => String(n).padStart(i ? 7 : 6)).join(' ')}`,
    );
  }
  for (const reason of absent) console.log(`\nabsent: ${reason}`);
  if (onlyAgain.length > 0)
    console.log(`\npassed only when run again, alone:\n${onlyAgain.map((name) => `  ${name}`).join('\n')}`);
  if (notRunTests.length > 0) console.log(`\nnot run:\n${notRunTests.map((name) => `  ${name}`).join('\n')}`);
};
