import { describe, expect, it } from '@jest/globals';
import { nestLogger, openLog } from './logging.ts';

const linesOf = (say: (logger: ReturnType<typeof nestLogger>) => void) => {
  const lines: string[] = [];
  say(nestLogger(openLog('test', 'trace', { write: (line) => void lines.push(line) })));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('what is said through Nest', () => {
  it('is a line of its own with who said it', () => {
    expect(linesOf((logger) => logger.log('Started', 'RoutesResolver'))).toMatchObject([
      { level: 20, context: 'RoutesResolver', msg: 'Started' },
    ]);
  });

  it('keeps the message and the fields of what is said as an object', () => {
    const error = new Error('gone');
    expect(
      linesOf((logger) => logger.warn({ message: 'Lost Kafka', reason: 'gone', err: error }, 'KafkaTransport')),
    ).toMatchObject([
      { level: 40, context: 'KafkaTransport', msg: 'Lost Kafka', reason: 'gone', err: { message: 'gone' } },
    ]);
  });

  it('keeps the stack of an error', () => {
    expect(linesOf((logger) => logger.error(new Error('gone'), 'stack', 'Server'))).toMatchObject([
      { level: 50, context: 'Server', msg: 'gone', err: { stack: expect.any(String) } },
    ]);
  });

  it('never shows a secret among the fields', () => {
    expect(linesOf((logger) => logger.warn({ message: 'Odd', token: 'abc' }))).toMatchObject([{ token: '[redacted]' }]);
  });
});
