-- A token lets somebody in only if the chain's newest word on it is that it was made, which is looked up by the token.
CREATE INDEX audit_token ON audit (subject, seq) WHERE action IN ('token.add', 'token.revoke');
