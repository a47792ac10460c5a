export { fetchRepository, type Fetched, type FetchOptions, type FetchProgress } from './fetch.js';
export { hubIdText, parseHubDataSet, parseHubFile, parseHubId, type HubId, type RepositoryType } from './id.js';
export { requireFolder, resolveData, resolveModel } from './resolve.js';
export { hubSettings, type HubSettings } from './settings.js';
