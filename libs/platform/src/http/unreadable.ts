import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { HttpException } from '@nestjs/common';
import { problemBody, type ErrorDialect } from './problem.filter.ts';

/** What Node's parser says of bytes that are no request, with the packet that it stopped in. */
type ParseError = Error & { code?: string; rawPacket?: unknown };

/** `BREW /scim/… HTTP/1.1`: a request all the same, by a method that nobody knows (RFC 9110 §9.1, §15.6.2). */
const REQUEST_LINE = /^[!#$%&'*+.^_`|~\w-]+ (\S+) HTTP\/1\.[01]\r?\n/;
const LONGEST_LINE = 8_192;

const refusals: Readonly<Record<string, [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are larger than can be read.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};

const refusalOf = ({ code = '' }: ParseError, isRequest: boolean): HttpException => {
  const unknownMethod = code === 'HPE_INVALID_METHOD' && isRequest;
  const [status, detail] =
    refusals[code] ??
    (unknownMethod ? [501, 'This method is not known.'] : [400, 'This is not a request of HTTP/1.1.']);
  return new HttpException(detail, status);
};

/** The answer to what is not read as a request: an error as those of its path are, or where the path is not known, as those of the first dialect. */
export const answerToUnreadable = (error: ParseError, dialects: readonly ErrorDialect[]): string => {
  const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1', 0, LONGEST_LINE) : '';
  const [line, path] = REQUEST_LINE.exec(packet) ?? [];
  const dialect = path === undefined ? dialects[0] : dialects.find(({ prefix }) => path.startsWith(prefix));
  const requestId = randomUUID();
  const { status, body } = (dialect?.toBody ?? problemBody)(refusalOf(error, line !== undefined), requestId);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    `X-Request-Id: ${requestId}`,
    `Content-Type: ${dialect?.contentType ?? 'application/problem+json'}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
};

/** For Fastify: answers once and ends the connection, since nobody knows where its next request begins. */
export const onUnreadable =
  (dialects: readonly ErrorDialect[]) =>
  (error: ParseError, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable) socket.write(answerToUnreadable(error, dialects));
    socket.destroy(error);
  };
