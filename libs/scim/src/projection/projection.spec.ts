import { describe, expect, it } from '@jest/globals';
import { type JsonObject, isReturned, parseProjection, project, userSchema, userType } from '../index.ts';
import { ownType } from '../testing/index.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const noor: JsonObject = {
  [enterprise]: { department: 'Nuts', manager: { value: 'u-1', displayName: 'Bo' } },
  meta: { resourceType: 'User', version: 'W/"4"' },
  emails: [{ type: 'work', value: 'noor@fir.example', primary: true }],
  name: { givenName: 'Noor', familyName: 'Aziz' },
  userName: 'noor@fir.example',
  password: 'never-shown',
  id: 'u-9',
  schemas: [userSchema.id, enterprise],
};

const shown = (attributes?: string | string[], excludedAttributes?: string | string[]) =>
  project(userType, noor, parseProjection({ attributes, excludedAttributes }, userType));
const always = { id: 'u-9' };

describe('a reply', () => {
  it('shows what is returned by default, in the order of the schema, never a password', () => {
    expect(Object.keys(shown())).toEqual(['schemas', 'id', 'meta', 'userName', 'name', 'emails', enterprise]);
  });

  it.each<[string | string[], JsonObject]>([
    ['userName', { userName: 'noor@fir.example' }],
    ['USERNAME, name.givenname', { userName: 'noor@fir.example', name: { givenName: 'Noor' } }],
    [['emails.value', 'userName'], { emails: [{ value: 'noor@fir.example' }], userName: 'noor@fir.example' }],
    ['emails', { emails: noor.emails! }],
    [`${userSchema.id}:userName`, { userName: 'noor@fir.example' }],
    [`${enterprise}:department`, { [enterprise]: { department: 'Nuts' } }],
    [`${enterprise}:manager.displayName`, { [enterprise]: { manager: { displayName: 'Bo' } } }],
    [enterprise, { [enterprise]: noor[enterprise]! }],
    ['meta.version', { meta: { version: 'W/"4"' } }],
    ['id', {}],
    ['password', {}],
    ['nothing.known,__proto__', {}],
  ])('with attributes=%j shows those and what is always returned', (attributes, expected) => {
    const schemas = enterprise in expected ? [userSchema.id, enterprise] : [userSchema.id];
    expect(shown(attributes)).toEqual({ ...always, schemas, ...expected });
  });

  it.each<[string, (reply: JsonObject) => void]>([
    [
      'userName,id,schemas',
      (reply) => expect(Object.keys(reply)).toEqual(['schemas', 'id', 'meta', 'name', 'emails', enterprise]),
    ],
    ['name.familyName', (reply) => expect(reply.name).toEqual({ givenName: 'Noor' })],
    ['emails.type,emails.value,emails.primary', (reply) => expect(reply).not.toHaveProperty('emails')],
    [enterprise, (reply) => expect(reply).not.toHaveProperty([enterprise])],
    [`${enterprise}:manager`, (reply) => expect(reply[enterprise]).toEqual({ department: 'Nuts' })],
  ])('with excludedAttributes=%s leaves those out', (excluded, check) => check(shown(undefined, excluded)));

  it('takes one of the two parameters', () => {
    expect(() => shown('id', 'name')).toThrow(expect.objectContaining({ scimType: 'invalidValue' }));
    expect(Object.keys(shown('', ' , '))).toHaveLength(7);
  });

  it('shows an attribute that is returned on request when it is asked for', () => {
    const nut = ownType(
      'Nut',
      { name: 'kind' },
      { name: 'size', returned: 'always' },
      { name: 'secret', returned: 'request' },
      {
        name: 'shell',
        type: 'complex',
        subAttributes: [
          { name: 'value' },
          { name: 'inside', returned: 'request' },
          { name: 'code', returned: 'always' },
        ],
      },
    );
    const { schema } = nut;
    const hazel = {
      schemas: [schema.id],
      id: 'n',
      kind: 'hazel',
      size: 's',
      secret: 'x',
      shell: { value: 'v', inside: 'i', code: 'c' },
    };
    const view = (attributes?: string, excludedAttributes?: string) =>
      project(nut, hazel, parseProjection({ attributes, excludedAttributes }, nut));
    expect(view()).toEqual({
      schemas: [schema.id],
      id: 'n',
      kind: 'hazel',
      size: 's',
      shell: { value: 'v', code: 'c' },
    });
    expect(view('secret')).toEqual({ schemas: [schema.id], id: 'n', size: 's', secret: 'x' });
    expect(view('shell.inside')).toMatchObject({ shell: { inside: 'i', code: 'c' } });
    expect(view('shell,shell.inside').shell).toEqual({ value: 'v', inside: 'i', code: 'c' });
    expect(view(undefined, 'size,shell.code,kind')).toEqual({
      schemas: [schema.id],
      id: 'n',
      size: 's',
      shell: { value: 'v', code: 'c' },
    });
  });

  it('says beforehand whether it shows an attribute, so that it need not be read', () => {
    expect(isReturned(userType, 'groups', parseProjection({ excludedAttributes: 'Groups' }, userType))).toBe(false);
    expect(isReturned(userType, 'groups', parseProjection({ attributes: 'groups.value' }, userType))).toBe(true);
    expect(isReturned(userType, 'groups', {})).toBe(true);
  });
});
