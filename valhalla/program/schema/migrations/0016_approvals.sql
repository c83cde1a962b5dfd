-- An effect is sent only if the chain has its approval, which is looked up by the effect.
CREATE INDEX audit_approval ON audit (subject) WHERE action IN ('effect.approve', 'effect.retry');
