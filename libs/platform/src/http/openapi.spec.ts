import { All, Controller, Get, Param, Query } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Answers, openApi } from './openapi.ts';

@Controller('directory/v1/tenants/:tenantId/users')
class UsersController {
  @Get(':id')
  @Answers('A user', z.object({ id: z.string() }))
  get(@Param('id') id: string, @Query({ schema: z.strictObject({ asOf: z.string().optional() }) }) _query: object) {
    return { id };
  }

  @All('*')
  nothingElse() {
    return undefined;
  }
}

describe('the description of an API', () => {
  const { paths, openapi } = openApi('Directory', [UsersController]) as any;

  it('tells of each route its parameters and its answer', () => {
    expect(openapi).toBe('3.1.0');
    expect(paths['/directory/v1/tenants/{tenantId}/users/{id}'].get).toMatchObject({
      operationId: 'Users_get',
      summary: 'A user',
      parameters: [
        { name: 'tenantId', in: 'path' },
        { name: 'id', in: 'path' },
        { name: 'asOf', in: 'query', required: false },
      ],
      responses: { 200: { description: 'A user' }, default: { description: 'A problem' } },
    });
  });

  it('leaves out what catches every method, which OpenAPI has no word for', () => {
    expect(Object.keys(paths)).toEqual(['/directory/v1/tenants/{tenantId}/users/{id}']);
  });
});
