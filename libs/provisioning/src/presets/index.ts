export {
  type EndpointAnswer,
  type EndpointConfig,
  type EndpointProblem,
  endpointConfig,
  resolveEndpoint,
} from './endpoint.ts';
export { type Capabilities, type Preset, type PresetName, presetNames, presets, takesRoles } from './presets.ts';
