import { describe, expect, it } from '@jest/globals';
import { type JsonObject, type ScimType, ScimProblem, userSchema, userType } from '../index.ts';
import { ownSchema, ownType, patched } from '../testing/index.ts';

const ines: JsonObject = {
  schemas: [userSchema.id],
  id: 'u-7',
  userName: 'ines@elm.example',
  name: { givenName: 'Ines' },
};

const refusal = (act: () => unknown): [number, ScimType | undefined] => {
  try {
    act();
  } catch (error) {
    if (error instanceof ScimProblem) return [error.status, error.scimType];
    throw error;
  }
  throw new Error('It was not refused.');
};

describe('an attribute of an admin (R71)', () => {
  const deviceType = ownType(
    'Device',
    { name: 'serial', mutability: 'immutable', required: true, caseExact: true },
    { name: 'tags', multiValued: true },
    {
      name: 'ports',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value', mutability: 'immutable', required: true },
        { name: 'speed', type: 'integer' },
        { name: 'plug', mutability: 'immutable' },
      ],
    },
    { name: 'maker', type: 'complex', subAttributes: [{ name: 'value', required: true }, { name: 'country' }] },
  );
  const { schema } = deviceType;
  const device = { schemas: [schema.id], serial: 'S1', tags: ['a', 'b'], ports: [{ value: 'p1', speed: 10 }] };

  it('is set once when immutable', () => {
    expect(refusal(() => patched(deviceType, device, [{ op: 'replace', path: 'serial', value: 'S2' }]))).toEqual([
      400,
      'mutability',
    ]);
    expect(patched(deviceType, device, [{ op: 'replace', path: 'serial', value: 'S1' }]).changed).toEqual([]);
    expect(
      refusal(() => patched(deviceType, device, [{ op: 'replace', path: 'ports[speed gt 5].value', value: 'p2' }])),
    ).toEqual([400, 'mutability']);
  });

  it('is set once when immutable in an element, whether its list is added to or replaced (RFC 7644 §3.5.2)', () => {
    const plugged = { ...device, ports: [{ value: 'p1', plug: 'a' }] };
    expect(
      refusal(() => patched(deviceType, plugged, [{ op: 'add', path: 'ports', value: [{ value: 'p1', plug: 'c' }] }])),
    ).toEqual([400, 'mutability']);
    expect(
      refusal(() =>
        patched(deviceType, plugged, [{ op: 'replace', path: 'ports', value: [{ value: 'p1', plug: 'c' }] }]),
      ),
    ).toEqual([400, 'mutability']);
    expect(
      patched(deviceType, plugged, [{ op: 'add', path: 'ports', value: [{ value: 'p2', plug: 'c' }] }]).resource.ports,
    ).toHaveLength(2);
    expect(
      patched(deviceType, device, [{ op: 'add', path: 'ports', value: [{ value: 'p1', plug: 'c' }] }]).resource.ports,
    ).toEqual([{ value: 'p1', speed: 10, plug: 'c' }]);
  });

  it('may have simple values, which filters call `value`', () => {
    expect(patched(deviceType, device, [{ op: 'add', path: 'tags', value: ['b', 'c'] }]).resource.tags).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(patched(deviceType, device, [{ op: 'remove', path: 'tags[value eq "A"]' }]).resource.tags).toEqual(['b']);
    expect(patched(deviceType, device, [{ op: 'remove', path: 'tags', value: ['b'] }]).resource.tags).toEqual(['a']);
    expect(
      patched(deviceType, device, [{ op: 'replace', path: 'tags[value eq "b"]', value: 'z' }]).resource.tags,
    ).toEqual(['a', 'z']);
  });

  it('is checked by its type', () => {
    expect(
      patched(deviceType, device, [{ op: 'replace', path: 'ports[value eq "p1"].speed', value: 100 }]).resource.ports,
    ).toEqual([{ value: 'p1', speed: 100 }]);
    expect(
      refusal(() => patched(deviceType, device, [{ op: 'replace', path: 'ports[value eq "p1"].speed', value: 1.5 }])),
    ).toEqual([400, 'invalidValue']);
  });

  it('has the parts that it requires, however it came to be', () => {
    expect(refusal(() => patched(deviceType, device, [{ op: 'add', path: 'maker.country', value: 'IT' }]))).toEqual([
      400,
      'invalidValue',
    ]);
    expect(
      refusal(() => patched(deviceType, device, [{ op: 'add', path: 'ports[speed eq 20].speed', value: 20 }])),
    ).toEqual([400, 'invalidValue']);
    expect(
      patched(deviceType, device, [
        { op: 'add', path: 'maker.value', value: 'Elm' },
        { op: 'add', path: 'maker.country', value: 'IT' },
      ]).resource.maker,
    ).toEqual({ value: 'Elm', country: 'IT' });
  });
});

describe('an extension of an admin (R71)', () => {
  const badge = ownSchema('urn:example:elm:2.0:Badge', { name: 'number', required: true }, { name: 'colour' });
  const staffType = { ...userType, extensions: [...userType.extensions, { schema: badge, required: true }] };
  const change = (resource: JsonObject, ...operations: JsonObject[]) => patched(staffType, resource, operations);
  const add = (name: string) => ({ op: 'add', path: `${badge.id}:${name}`, value: 'x' });

  it('that is required, and what it requires, stays once it is there; who never had it can be changed without', () => {
    expect(change(ines, { op: 'replace', path: 'title', value: 'Cook' }).changed).toEqual(['title']);
    expect(refusal(() => change(ines, add('colour')))).toEqual([400, 'invalidValue']);
    const badged = change(ines, add('number'), add('colour')).resource;
    expect(badged.schemas).toContain(badge.id);
    expect(refusal(() => change(badged, { op: 'remove', path: `${badge.id}:number` }))).toEqual([400, 'mutability']);
    expect(refusal(() => change(badged, { op: 'remove', path: badge.id }))).toEqual([400, 'mutability']);
  });

  it('that is optional is taken away as a whole, with what it requires', () => {
    const optional = { ...staffType, extensions: [...userType.extensions, { schema: badge, required: false }] };
    const badged = patched(optional, ines, [add('number'), add('colour')]).resource;
    const removals: JsonObject[] = [
      { op: 'remove', path: badge.id },
      { op: 'replace', value: { [badge.id]: null } },
    ];
    for (const operation of removals) {
      const { resource } = patched(optional, badged, [operation]);
      expect(resource).not.toHaveProperty([badge.id]);
      expect(resource.schemas).not.toContain(badge.id);
    }
    expect(refusal(() => patched(optional, badged, [{ op: 'remove', path: `${badge.id}:number` }]))).toEqual([
      400,
      'mutability',
    ]);
  });
});
