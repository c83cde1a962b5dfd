-- An effect is sent only if the chain's newest word on it is an approval, which is looked up by the effect.
CREATE INDEX audit_effect ON audit (subject, seq) WHERE action IN ('effect.approve', 'effect.retry', 'effect.deny',
  'effect.denied', 'effect.blocked', 'effect.failed', 'effect.uncertain', 'effect.done');
