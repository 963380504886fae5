export { asyncApiDocument } from './asyncapi.js';
export { protectAnswers } from './protect-answers.js';
export { configureHttp } from './configure-http.js';
export { openApiDocument } from './openapi.js';
export { RestApiModule } from './rest-api.module.js';
export { httpServerOptions } from './server-options.js';
export { setupDocs } from './setup-docs.js';
