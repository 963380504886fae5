import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, Limits, type ActContext, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { CategoryBook } from '#clarion/notifications';
import {
  categoryIdSchema,
  categoryListSchema,
  categorySchema,
  DomainError,
  newCategorySchema,
  type Category,
} from '#clarion/protocol';
import { z } from 'zod';
import { AdministratorGuard, Context } from './administration.js';
import { JsonAnswer, JsonBody, NoContent, Problems } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';

const addressSchema = z.object({ id: categoryIdSchema });

/** `/v1/categories`: what notifications can be about. */
@ApiTags('categories')
@Controller('v1/categories')
@UseGuards(AuthenticationGuard)
export class CategoriesController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #categories: CategoryBook;

  constructor(
    @Inject(Access) access: Access,
    @Inject(Limits) limits: Limits,
    @Inject(CategoryBook) categories: CategoryBook,
  ) {
    this.#access = access;
    this.#limits = limits;
    this.#categories = categories;
  }

  @Get()
  @ApiOperation({ summary: 'List the categories', description: 'By id. Needs an API key or a subscriber token.' })
  @JsonAnswer(200, categoryListSchema, 'All of them.')
  @Problems('credentials.missing', 'rate.limited')
  list(@Caller() who: Principal, @Req() { raw }: FastifyRequest): { categories: Category[] } {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
    return { categories: this.#categories.list() };
  }

  @Put(':id')
  @UseGuards(AdministratorGuard)
  @ApiOperation({
    summary: 'Declare a category, or change it',
    description:
      'From then on it can be published with, and chosen by people where it is not locked. `push` says when it goes to the devices of those who have not noticed it. Needs an API key that may administer.',
  })
  @JsonBody(newCategorySchema)
  @JsonAnswer(200, categorySchema, 'The category.')
  @Problems('json.invalid', 'credentials.missing', 'right.missing', 'body.invalid')
  async put(
    @Caller() who: Principal,
    @Param('id') address: string,
    @Body() body: unknown,
    @Context() context: ActContext,
  ): Promise<Category> {
    const { id } = parseInput('body.invalid', addressSchema, { id: address });
    const category = { id, ...parseInput('body.invalid', newCategorySchema, body) };
    this.#categories.assertRoom(id);
    await this.#access.audit(who, { act: 'category.put', target: id }, context);
    await this.#categories.put(category);
    return category;
  }

  @Delete(':id')
  @HttpCode(204)
  @UseGuards(AdministratorGuard)
  @ApiOperation({
    summary: 'Delete a category',
    description:
      'Nothing can be published with it any more; notifications that have it are judged as if they had none. Needs an API key that may administer.',
  })
  @NoContent('It is gone.')
  @Problems('credentials.missing', 'right.missing', 'category.unknown')
  async delete(@Caller() who: Principal, @Param('id') id: string, @Context() context: ActContext): Promise<void> {
    this.#categories.assertDeclared(id);
    await this.#access.audit(who, { act: 'category.deleted', target: id }, context);
    await this.#categories.delete(id);
  }
}
