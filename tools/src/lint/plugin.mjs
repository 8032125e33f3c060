import { layersRule } from './layers.rule.mjs';
import { pureRule } from './pure.rule.mjs';

/** Tenure's own lint rules, for oxlint. */
export default { meta: { name: 'tenure' }, rules: { layers: layersRule, pure: pureRule } };
