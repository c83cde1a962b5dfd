-- Who of a fleet's machines owns which workspace. Names, numbers and times; never a lead.
CREATE TABLE IF NOT EXISTS fleet_setting (one boolean PRIMARY KEY DEFAULT true CHECK (one), place text NOT NULL);
CREATE TABLE IF NOT EXISTS fleet_machine (name text PRIMARY KEY, seen_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS fleet_workspace (
  name  text PRIMARY KEY,
  owner text NOT NULL REFERENCES fleet_machine,
  epoch bigint NOT NULL CHECK (epoch > 0),
  until timestamptz NOT NULL,                      -- the owner's lease
  target text REFERENCES fleet_machine,            -- where it is to move
  copy  text                                       -- the SHA-256 of the one that it was handed over by
);

CREATE OR REPLACE FUNCTION fleet_begin(given text) RETURNS TABLE (place text) LANGUAGE sql AS $$
  INSERT INTO fleet_setting (place) VALUES (given) ON CONFLICT DO NOTHING;
  SELECT place FROM fleet_setting
$$;

CREATE OR REPLACE FUNCTION fleet_join(machine text) RETURNS TABLE (place text) LANGUAGE sql AS $$
  INSERT INTO fleet_machine VALUES (machine, now()) ON CONFLICT (name) DO UPDATE SET seen_at = now();
  SELECT place FROM fleet_setting
$$;

-- The owner and epoch of a workspace, which is this machine's where nobody had it.
CREATE OR REPLACE FUNCTION fleet_add(workspace text, machine text, lease float8)
RETURNS TABLE (owner text, epoch bigint) LANGUAGE sql AS $$
  INSERT INTO fleet_workspace (name, owner, epoch, until) VALUES (workspace, machine, 1, now() + lease * interval '1 s')
  ON CONFLICT DO NOTHING;
  SELECT f.owner, f.epoch FROM fleet_workspace f WHERE f.name = workspace
$$;

-- Those of the named workspaces that are still this machine's, at the epoch it has.
CREATE OR REPLACE FUNCTION fleet_renew(machine text, names text[], epochs bigint[], lease float8)
RETURNS TABLE (name text, target text) LANGUAGE sql AS $$
  UPDATE fleet_machine SET seen_at = now() WHERE fleet_machine.name = machine;
  UPDATE fleet_workspace f SET until = now() + lease * interval '1 s'
  FROM unnest(names, epochs) AS mine(name, epoch)
  WHERE f.name = mine.name AND f.epoch = mine.epoch AND f.owner = machine
  RETURNING f.name, f.target
$$;

CREATE OR REPLACE FUNCTION fleet_mine(machine text) RETURNS TABLE (name text, epoch bigint, copy text) LANGUAGE sql AS $$
  SELECT f.name, f.epoch, f.copy FROM fleet_workspace f WHERE f.owner = machine ORDER BY f.name
$$;

-- What is to move from a machine, or to it.
CREATE OR REPLACE FUNCTION fleet_moving(machine text) RETURNS TABLE (name text, owner text) LANGUAGE sql AS $$
  SELECT f.name, f.owner FROM fleet_workspace f WHERE f.target IS NOT NULL AND machine IN (f.owner, f.target) ORDER BY f.name
$$;

CREATE OR REPLACE FUNCTION fleet_list()
RETURNS TABLE (name text, owner text, epoch bigint, held float8, target text, seen float8) LANGUAGE sql AS $$
  SELECT f.name, f.owner, f.epoch, extract(epoch FROM f.until - now())::float8, f.target, extract(epoch FROM now() - m.seen_at)::float8
  FROM fleet_workspace f JOIN fleet_machine m ON m.name = f.owner ORDER BY f.name
$$;

CREATE OR REPLACE FUNCTION fleet_machines() RETURNS TABLE (name text, seen float8, workspaces bigint) LANGUAGE sql AS $$
  SELECT m.name, extract(epoch FROM now() - m.seen_at)::float8, (SELECT count(*) FROM fleet_workspace f WHERE f.owner = m.name)
  FROM fleet_machine m ORDER BY m.name
$$;

CREATE OR REPLACE FUNCTION fleet_move(workspace text, machine text) RETURNS TABLE (owner text) LANGUAGE sql AS $$
  UPDATE fleet_workspace f SET target = nullif(machine, f.owner) WHERE f.name = workspace RETURNING f.owner
$$;

CREATE OR REPLACE FUNCTION fleet_hand_over(workspace text, machine text, had bigint, proof text, lease float8)
RETURNS TABLE (epoch bigint) LANGUAGE sql AS $$
  UPDATE fleet_workspace f
  SET owner = f.target, epoch = f.epoch + 1, target = NULL, copy = proof, until = now() + lease * interval '1 s'
  WHERE f.name = workspace AND f.owner = machine AND f.epoch = had AND f.target IS NOT NULL
  RETURNING f.epoch
$$;

-- The machine that is to have what another one had: of those heard of in so many seconds the one with the fewest workspaces.
CREATE OR REPLACE FUNCTION fleet_heir(dead text, heard float8) RETURNS text STABLE LANGUAGE sql AS $$
  SELECT m.name FROM fleet_machine m
  WHERE m.name <> dead AND m.seen_at > now() - heard * interval '1 s'
  ORDER BY (SELECT count(*) FROM fleet_workspace f WHERE f.owner = m.name), m.name LIMIT 1
$$;

-- The workspace that a machine will have next if its owner stays silent: not so many seconds of its lease are left.
CREATE OR REPLACE FUNCTION fleet_failing(machine text, few float8, heard float8) RETURNS TABLE (name text) LANGUAGE sql AS $$
  SELECT f.name FROM fleet_workspace f
  WHERE f.owner <> machine AND f.until < now() + few * interval '1 s' AND fleet_heir(f.owner, heard) = machine
  ORDER BY f.until, f.name LIMIT 1
$$;

-- One workspace whose owner has let its lease end is this machine's from now on; the heir's first.
CREATE OR REPLACE FUNCTION fleet_take_over(machine text, grace float8, lease float8)
RETURNS TABLE (name text, epoch bigint) LANGUAGE sql AS $$
  UPDATE fleet_workspace f
  SET owner = machine, epoch = f.epoch + 1, target = NULL, copy = NULL, until = now() + lease * interval '1 s'
  WHERE f.name = (
    SELECT g.name FROM fleet_workspace g
    WHERE g.owner <> machine AND g.until < now() - grace * interval '1 s'
      AND (g.until < now() - 2 * grace * interval '1 s' OR fleet_heir(g.owner, grace) = machine)
    ORDER BY g.until, g.name LIMIT 1 FOR UPDATE SKIP LOCKED
  )
  RETURNING f.name, f.epoch
$$;

-- How many workspaces keep a machine from leaving.
CREATE OR REPLACE FUNCTION fleet_leave(machine text) RETURNS TABLE (left_over bigint) LANGUAGE sql AS $$
  DELETE FROM fleet_machine m WHERE m.name = machine AND NOT EXISTS
    (SELECT 1 FROM fleet_workspace f WHERE machine IN (f.owner, f.target));
  SELECT count(*) FROM fleet_workspace f WHERE f.owner = machine
$$;
