import { createServer, type AddressInfo, type Socket } from 'node:net';
import { BerReader, BerWriter, ModifyRequest, PagedResultsControl, SearchRequest } from 'ldapts';
import { frames } from '../ldap/ldap-frames.ts';

export type FakeEntry = { dn: string; attributes: Record<string, readonly (string | Buffer)[]> };
export type FakeAnswer = { code?: number; message?: string; entries?: readonly FakeEntry[]; cookie?: string };
export type FakeQuestion =
  | { kind: 'search'; base: string; filter: string; attributes: readonly string[]; cookie: string }
  | { kind: 'modify'; dn: string; changes: readonly { operation: string; type: string; values: readonly string[] }[] };

const LDAP_CONTROLS = 0xa0;

/**
 * A directory that answers as a test tells it: for what Active Directory does and OpenLDAP doesn't. Anybody is signed in. Everything
 * else is tested against a real server.
 */
export const fakeDirectory = async (answer: (question: FakeQuestion) => FakeAnswer) => {
  const asked: FakeQuestion[] = [];
  const sockets = new Set<Socket>();

  const reply = (id: number, tag: number, write: (writer: BerWriter) => void, cookie?: string) => {
    const writer = new BerWriter();
    writer.startSequence();
    writer.writeInt(id);
    writer.startSequence(tag);
    write(writer);
    writer.endSequence();
    if (cookie !== undefined) {
      writer.startSequence(LDAP_CONTROLS);
      new PagedResultsControl({ value: { size: 0, cookie: Buffer.from(cookie) } }).write(writer);
      writer.endSequence();
    }
    writer.endSequence();
    return writer.buffer;
  };

  const result =
    ({ code = 0, message = '' }: FakeAnswer) =>
    (writer: BerWriter) => {
      writer.writeEnumeration(code);
      writer.writeString('');
      writer.writeString(message);
    };

  const entry =
    ({ dn, attributes }: FakeEntry) =>
    (writer: BerWriter) => {
      writer.writeString(dn);
      writer.startSequence();
      for (const [type, values] of Object.entries(attributes)) {
        writer.startSequence();
        writer.writeString(type);
        writer.startSequence(0x31);
        for (const value of values) writer.writeBuffer(Buffer.from(value as string), 4);
        writer.endSequence();
        writer.endSequence();
      }
      writer.endSequence();
    };

  const answers = (message: Buffer): Buffer[] => {
    const reader = new BerReader(message);
    reader.readSequence();
    const id = reader.readInt()!;
    const tag = reader.readSequence();
    if (tag === 0x60) return [reply(id, 0x61, result({}))];
    if (tag === 0x66) {
      const request = new ModifyRequest({ messageId: id });
      request.parse(reader, []);
      const changes = request.changes.map(({ operation, modification: { type, values } }) => ({
        operation,
        type,
        values: values.map(String),
      }));
      return [reply(id, 0x67, result(ask({ kind: 'modify', dn: request.dn, changes })))];
    }
    if (tag !== 0x63) return [];
    const request = new SearchRequest({ messageId: id, filter: undefined as never });
    const paged = new PagedResultsControl();
    request.parse(reader, [paged]);
    const found = request.controls?.find((control) => control instanceof PagedResultsControl);
    const given = ask({
      kind: 'search',
      base: request.baseDN,
      filter: request.filter.toString(),
      attributes: request.attributes,
      cookie: found?.value?.cookie?.toString() ?? '',
    });
    const entries = given.entries ?? [];
    return [...entries.map((each) => reply(id, 0x64, entry(each))), reply(id, 0x65, result(given), given.cookie ?? '')];
  };

  const ask = (question: FakeQuestion) => {
    asked.push(question);
    return answer(question);
  };

  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    const taken = frames((message) => answers(message).forEach((each) => socket.write(each)));
    socket.on('data', (chunk: Buffer) => void taken.take(chunk));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
