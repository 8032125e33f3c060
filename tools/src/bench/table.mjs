const plain = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Few digits: the noise of a machine is larger than the third. */
export const shown = (value) => {
  if (value === undefined) return '';
  if (value >= 100) return plain.format(value);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

const withUnit = (figure) => {
  if (figure === undefined) return '';
  const middle = `${shown(figure.value)}${figure.unit === '/s' ? '/s' : ` ${figure.unit}`}`;
  const cpu = figure.cpuMs === undefined ? '' : `, cpu ${shown(figure.cpuMs)} ms`;
  return figure.p50 === undefined ? middle : `${middle} (p50 ${shown(figure.p50)}, p95 ${shown(figure.p95)} ms${cpu})`;
};

const verdict = ({ target }) => (target === undefined ? '' : target.met ? 'yes' : 'NO');
const ratio = ({ ratio: value }) => (value === undefined ? '' : value.toFixed(2));

const head = ['what', 'measured', 'limit in the same run', 'ratio', 'target', 'met'];
const cells = (row) => [
  row.name,
  withUnit(row.measured),
  withUnit(row.limit),
  ratio(row),
  row.target?.text ?? '',
  verdict(row),
];

/** Rows as a Markdown table: readable in a terminal, and ready for `docs/performance.md`. */
export const tableOf = (rows) => {
  const lines = [head, ...rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const drawn = lines.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`);
  return [drawn[0], `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...drawn.slice(1)].join('\n');
};
