import type { INestApplication } from '@nestjs/common';
import type { DocumentBuilder, OpenAPIObject } from '@nestjs/swagger';
import { describeRoutes } from '#clarion/api-docs';
import {
  ackedSchema,
  ackSchema,
  actionSchema,
  apiKeySchema,
  auditLogSchema,
  batchResultSchema,
  batchSchema,
  categoryListSchema,
  categorySchema,
  choiceSchema,
  closedTopicSchema,
  connectionListSchema,
  connectionSchema,
  createdKeySchema,
  deviceListSchema,
  deviceSchema,
  disconnectedUserSchema,
  EVENTS,
  historySchema,
  keyListSchema,
  mintedTokenSchema,
  mintTokenSchema,
  newCategorySchema,
  newDeviceSchema,
  newKeySchema,
  preferencesSchema,
  presenceListSchema,
  problemSchema,
  publishedSchema,
  publishSchema,
  pushKeySchema,
  pushReportSchema,
  pushRuleSchema,
  pushSubscriptionSchema,
  quietHoursSchema,
  renewedSubscriptionSchema,
  rotateKeySchema,
  topicListSchema,
  dryRunSchema,
  editSchema,
  explanationSchema,
  exportedUserSchema,
  followListSchema,
  inboxItemSchema,
  inboxPageSchema,
  inboxSummarySchema,
  markedSchema,
  markSchema,
  receiptListSchema,
  receiptSchema,
  wantedPreferencesSchema,
  waitedPublishedSchema,
  userPresenceSchema,
} from '#clarion/protocol';
import { componentSchemas, toJsonSchema } from './json-schemas.js';
import { PROBLEM_TYPE } from './problem-reply.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

const DOCUMENTED = [
  ackedSchema,
  ackSchema,
  actionSchema,
  apiKeySchema,
  auditLogSchema,
  batchResultSchema,
  batchSchema,
  categoryListSchema,
  categorySchema,
  choiceSchema,
  closedTopicSchema,
  connectionListSchema,
  connectionSchema,
  createdKeySchema,
  deviceListSchema,
  deviceSchema,
  disconnectedUserSchema,
  historySchema,
  keyListSchema,
  mintedTokenSchema,
  mintTokenSchema,
  newCategorySchema,
  newDeviceSchema,
  newKeySchema,
  preferencesSchema,
  presenceListSchema,
  problemSchema,
  publishedSchema,
  publishSchema,
  pushKeySchema,
  pushReportSchema,
  pushRuleSchema,
  pushSubscriptionSchema,
  quietHoursSchema,
  renewedSubscriptionSchema,
  rotateKeySchema,
  topicListSchema,
  dryRunSchema,
  editSchema,
  explanationSchema,
  exportedUserSchema,
  followListSchema,
  inboxItemSchema,
  inboxPageSchema,
  inboxSummarySchema,
  markedSchema,
  markSchema,
  receiptListSchema,
  receiptSchema,
  wantedPreferencesSchema,
  waitedPublishedSchema,
  userPresenceSchema,
  ...Object.values(EVENTS),
];

const DEFAULT_PROBLEM = {
  description: 'A problem (RFC 9457); its `code` is stable.',
  content: { [PROBLEM_TYPE]: { schema: toJsonSchema(problemSchema) } },
};

/**
 * The OpenAPI 3.1 document of every route under `/v1`, whichever library it belongs to, with the schemas that the server
 * itself validates by. Walks all controllers; make it once.
 */
export async function openApiDocument(app: INestApplication, basePath = ''): Promise<OpenAPIObject> {
  const { DocumentBuilder, SwaggerModule } = await describeRoutes();
  const document = SwaggerModule.createDocument(app, head(new DocumentBuilder()));
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/v1/'));
  for (const [, item] of paths) addDefaultProblem(item);
  return {
    ...document,
    servers: [{ url: basePath || '/' }],
    paths: Object.fromEntries(paths),
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, ...componentSchemas(DOCUMENTED) },
    },
  };
}

function head(builder: DocumentBuilder): Omit<OpenAPIObject, 'paths'> {
  return builder
    .setOpenAPIVersion('3.1.0')
    .setTitle('Clarion')
    .setDescription(
      'Publish notifications, read their history, mint subscriber tokens. What subscribers hear is in `asyncapi.json` beside this document.',
    )
    .setVersion('1')
    .addBearerAuth({ type: 'http', description: 'An API key, or a subscriber token (JWT).' }, 'bearer')
    .addSecurity('accessToken', {
      type: 'apiKey',
      in: 'query',
      name: 'access_token',
      description: 'A subscriber token, where no header can be set.',
    })
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('accessToken')
    .build();
}

function addDefaultProblem(item: OpenAPIObject['paths'][string]): void {
  for (const method of METHODS) {
    const responses = item[method]?.responses;
    if (responses !== undefined) responses.default ??= DEFAULT_PROBLEM;
  }
}
