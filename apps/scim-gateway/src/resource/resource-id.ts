import { Param, type PipeTransform } from '@nestjs/common';
import { problem } from '@tenure/scim';
import { notAllowed } from '../discovery/unserved.ts';

const IDS = /^[\w-]{1,100}$/;

/** Ids are ours: what can't be one names nothing, and is not worth a question to the database. */
export const checkedId = (id: string): string => {
  if (!IDS.test(id)) throw problem(404, 'There is no resource with this id.');
  return id;
};

/** `.search` is no id: only a POST goes there. */
const known: PipeTransform<string, string> = {
  transform: (id) => {
    if (id === '.search') throw notAllowed(['POST']);
    return checkedId(id);
  },
};

/** The id in the path of a resource. */
export const ResourceId = () => Param('id', known);
