export {
  ApiExcludeController,
  ApiHeader,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiTags,
  describeRoutes,
  later,
} from './late-decorators.js';
