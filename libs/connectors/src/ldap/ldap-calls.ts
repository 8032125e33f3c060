import { Control, PagedResultsControl, SearchRequest, type BerWriter, type Filter } from 'ldapts';
import type { Failure, Outcome } from '@tenure/provisioning/connector';
import type { Redact } from '../redaction/redact.ts';
import { bindFailureOf, failureOf } from './ldap-outcome.ts';
import {
  openSession,
  type Answer,
  type Entry,
  type Request,
  type Session,
  type SessionOptions,
} from './ldap-session.ts';

export type Search = {
  base: string;
  scope: 'base' | 'sub';
  filter: Filter;
  attributes: readonly string[];
  /** At most so many; there may be more. */
  atMost?: number;
  page?: { size: number; cookie?: Buffer };
};

export type Found = { entries: readonly Entry[]; cookie?: Buffer };

export type LdapCalls = {
  search: (search: Search, deadline: number, on?: Session) => Promise<Outcome<Found>>;
  write: (request: Request, deadline: number) => Promise<Outcome>;
  /** A connection that only one caller uses, who closes it: a server keeps the state of a paged search with its connection. */
  ownSession: (deadline: number) => Promise<Outcome<Session>>;
  isEncrypted: boolean;
  close: () => void;
};

/** An unused connection is given up before a firewall or the server does it unseen. */
const IDLE_MS = 30_000;

/** RFC 4528: the entry is changed only while the filter matches it. */
class AssertionControl extends Control {
  static readonly oid = '1.3.6.1.1.12';

  constructor(private readonly filter: Filter) {
    super(AssertionControl.oid, { critical: true });
  }

  override writeControl(writer: BerWriter) {
    writer.startSequence(0x04);
    this.filter.write(writer);
    writer.endSequence();
  }
}

export const assertion = (filter: Filter): Control => new AssertionControl(filter);
export const ASSERTION = AssertionControl.oid;

/** A directory's connections: one that all calls share, since LDAP carries many at once, and one for each list that is being read. */
export const ldapCalls = (options: SessionOptions, redact: Redact): LdapCalls => {
  let shared: Session | undefined;
  let opening: Promise<Outcome<Session>> | undefined;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;
  const own = new Set<Session>();

  const open = async (deadline: number): Promise<Outcome<Session>> => {
    // RFC 4513 §5.1.2: without a password a server signs anybody in, as nobody.
    if (options.credential.password === '' || options.credential.dn === '')
      return { kind: 'unauthorized', reason: 'A DN and a password are needed to sign in to the directory.' };
    const opened = await openSession(options, deadline);
    if (opened.kind === 'failed') return bindFailureOf(opened.answer, redact);
    return { kind: 'ok', value: opened.session };
  };

  const session = async (deadline: number): Promise<Outcome<Session>> => {
    if (shared?.isOpen()) return { kind: 'ok', value: shared };
    opening ??= open(deadline)
      .then((opened) => {
        if (opened.kind !== 'ok') return opened;
        if (closed) opened.value.close();
        else shared = opened.value;
        return opened;
      })
      .finally(() => (opening = undefined));
    return opening;
  };

  const whenIdle = () => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      if (shared?.pending() === 0) shared.close();
    }, IDLE_MS).unref();
  };

  const ask = async (request: Request, deadline: number, on?: Session): Promise<Answer | Failure> => {
    if (on) return on.send(request, deadline);
    const opened = await session(deadline);
    if (opened.kind !== 'ok') return opened;
    const answer = await opened.value.send(request, deadline);
    whenIdle();
    return answer;
  };

  const isAnswer = (answer: Answer | Failure): answer is Answer => answer.kind === 'answer' || answer.kind === 'none';

  const toRequest =
    ({ base, scope, filter, attributes, atMost, page }: Search, deadline: number): Request =>
    (messageId) =>
      new SearchRequest({
        messageId,
        baseDN: base,
        scope,
        filter,
        attributes: [...attributes],
        sizeLimit: atMost ?? 0,
        timeLimit: Math.max(1, Math.ceil((deadline - Date.now()) / 1000)),
        ...(page && { controls: [new PagedResultsControl({ value: page })] }),
      });

  return {
    isEncrypted: options.security !== 'none',

    search: async (search, deadline, on) => {
      let answer = await ask(toRequest(search, deadline), deadline, on);
      // A connection that had ended before it was used again; reading twice does no harm.
      if (answer.kind === 'none' && answer.sent && !on && Date.now() < deadline)
        answer = await ask(toRequest(search, deadline), deadline);
      if (!isAnswer(answer)) return answer;
      const isCut = answer.kind === 'answer' && answer.code === 4 && search.atMost !== undefined;
      if (answer.kind === 'answer' && (answer.code === 0 || isCut))
        return {
          kind: 'ok',
          value: { entries: answer.entries, ...(answer.cookie && { cookie: answer.cookie }) },
        };
      return failureOf(answer, false, redact);
    },

    write: async (request, deadline) => {
      const answer = await ask(request, deadline);
      if (!isAnswer(answer)) return answer;
      if (answer.kind === 'answer' && answer.code === 0) return { kind: 'ok', value: undefined };
      return failureOf(answer, true, redact);
    },

    ownSession: async (deadline) => {
      const opened = await open(deadline);
      if (opened.kind !== 'ok') return opened;
      const { value } = opened;
      own.add(value);
      return {
        kind: 'ok',
        value: {
          ...value,
          close: () => {
            own.delete(value);
            value.close();
          },
        },
      };
    },

    close: () => {
      closed = true;
      clearTimeout(idle);
      shared?.close();
      for (const each of own) each.close();
    },
  };
};
