/** RFC 7644 §3.12, table 9, and RFC 9865 §2.1: every `scimType` with the status that it travels with and its standard words. */
export const scimTypes = {
  invalidFilter: {
    status: 400,
    meaning: 'The filter is malformed, or compares an attribute in a way that its type does not allow.',
  },
  tooMany: { status: 400, meaning: 'The filter yields more results than the server is willing to compute.' },
  uniqueness: { status: 409, meaning: 'A value is already in use.' },
  mutability: { status: 400, meaning: 'The attribute cannot be changed in this way.' },
  invalidSyntax: { status: 400, meaning: 'The structure of the request body is invalid.' },
  invalidPath: { status: 400, meaning: 'The path is malformed or names no attribute.' },
  noTarget: { status: 400, meaning: 'The path selects nothing that could be changed.' },
  invalidValue: { status: 400, meaning: 'A required value is missing, or a value does not fit its attribute.' },
  invalidVers: { status: 400, meaning: 'The protocol version is not supported.' },
  sensitive: { status: 403, meaning: 'The request would put personal data into a URI.' },
  invalidCursor: { status: 400, meaning: 'The cursor is not one of ours.' },
  expiredCursor: { status: 400, meaning: 'The cursor has expired; start again with an empty one.' },
  invalidCount: { status: 400, meaning: 'The count is not a number that can be used.' },
} as const;

export type ScimType = keyof typeof scimTypes;

/** The protocol says no. Its detail is sent to the client, so it never holds a value of a person. */
export class ScimProblem extends Error {
  override readonly name = 'ScimProblem';
  constructor(
    readonly status: number,
    readonly scimType: ScimType | undefined,
    readonly detail: string,
  ) {
    super(detail);
  }
}

const factory =
  (scimType: ScimType) =>
  (detail: string = scimTypes[scimType].meaning): ScimProblem =>
    new ScimProblem(scimTypes[scimType].status, scimType, detail);

export const invalidFilter = factory('invalidFilter');
export const tooMany = factory('tooMany');
export const uniqueness = factory('uniqueness');
export const mutability = factory('mutability');
export const invalidSyntax = factory('invalidSyntax');
export const invalidPath = factory('invalidPath');
export const noTarget = factory('noTarget');
export const invalidValue = factory('invalidValue');
export const invalidVers = factory('invalidVers');
export const sensitive = factory('sensitive');
export const invalidCursor = factory('invalidCursor');
export const expiredCursor = factory('expiredCursor');
export const invalidCount = factory('invalidCount');

/** For statuses that have no `scimType`: 401, 404, 412, 413, 501, ... */
export const problem = (status: number, detail: string): ScimProblem => new ScimProblem(status, undefined, detail);

export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** RFC 7644 §3.12: the body of an error. `status` is a string there. */
export const errorBody = ({ status, scimType, detail }: Pick<ScimProblem, 'status' | 'scimType' | 'detail'>) => ({
  schemas: [errorSchema],
  status: String(status),
  ...(scimType && { scimType }),
  detail,
});
