-- +goose Up

-- Days whose reports are to be joined again, all of them: hang-ups of theirs were stored that their commit has not joined. By
-- generation, so that commits do not wait for each other.
CREATE TABLE join_due (
    service_id    integer     NOT NULL REFERENCES service,
    day           date        NOT NULL,
    generation_id bigint      NOT NULL,
    since         timestamptz NOT NULL,
    marked_at     timestamptz NOT NULL,
    PRIMARY KEY (service_id, day, generation_id)
);
